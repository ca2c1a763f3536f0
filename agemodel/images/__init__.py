"""Reading pictures: bytes or a path to upright sRGB pixels.

This is the only decoder: preview, face detection and model all see what `read_image`
gives. It keeps five promises.

- The header is checked before any pixel is decoded, so a small file that claims a huge
  picture costs neither time nor memory. What may be decoded is capped by what decoding
  it takes, which differs from format to format.
- Large JPEGs are decoded at a reduced size, straight from their DCT coefficients, and
  any picture is brought down to `pixels.WORKING_PIXELS`; the size of the file itself
  is kept beside the pixels. All threads together decode no more at a time than what
  one of the largest pictures takes.
- Whatever goes wrong is an `ImageError` whose sentence names the file, what was
  expected and what came. A file that ends before its pixels do is refused, not half
  read.
- Metadata (place, camera, thumbnails) goes no further than this package.
- Decoders print nothing on standard error.

Every function may be called from several threads at once.
"""

from agemodel.images.kinds import SUFFIXES
from agemodel.images.pixels import downscale, encode_jpeg, encode_png
from agemodel.images.reading import Photo, check_jpeg, jpeg_size, read_image
from agemodel.images.sources import read_bytes, read_stream

__all__ = [
    "SUFFIXES",
    "Photo",
    "check_jpeg",
    "downscale",
    "encode_jpeg",
    "encode_png",
    "jpeg_size",
    "read_bytes",
    "read_image",
    "read_stream",
]
