"""Single bits changed in the bytes of a file."""


def flipped(content: bytes, bit: int) -> bytes:
    """The same bytes with one bit changed, counted from the first."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
