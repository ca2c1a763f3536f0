"""Freed memory of another process is searched for what it held."""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from agemodel.memory import overwrite_own_cache
from drills.process_memory import search

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("text", "cycle", "array", "heap", "large")
CHILD = """
import ctypes, hashlib, sys
import numpy as np
from agemodel import memory

def mark(kind):
    return hashlib.sha256(kind.encode()).hexdigest() * 2

if sys.argv[1] == "prepared":
    memory.prepare()
c = ctypes.CDLL(None)
c.malloc.argtypes, c.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
c.free.argtypes = [ctypes.c_void_p]

def fill(kind, size):
    block = c.malloc(size)
    ctypes.memset(block, 0, size)
    ctypes.memmove(block + 64, mark(kind).encode(), 128)
    return block

def hold_and_free():
    texts = [mark("text") + str(number) for number in range(2000)]
    texts = texts[::50]  # so that no stretch of them is wholly free
    cycle = [mark("cycle")]
    cycle.append(cycle)
    array = np.frombuffer(mark("array").encode(), np.uint8).copy()
    blocks = []
    for _ in range(3000):  # too large for a cache, too small for a page of their own
        blocks.append(fill("heap", 3500))
        fill("fence", 3500)
    for block in [*blocks, fill("large", 1 << 22)]:
        c.free(block)

hold_and_free()
if sys.argv[1] == "prepared":
    memory.release()
print("ready", flush=True)
sys.stdin.read()
"""


def found_in_child(how: str) -> dict[str, int]:
    marks = {kind: hashlib.sha256(kind.encode()).hexdigest()[8:] for kind in KINDS}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"ready\n"
        needles = {kind: text.encode() for kind, text in marks.items()}
        return search(child.pid, needles)
    finally:
        child.communicate()


needs_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"),
    reason="freed memory is overwritten where the C library is glibc",
)


@needs_glibc
def test_nothing_that_was_freed_is_left_in_memory() -> None:
    left = found_in_child("as it is")
    # The search finds what is there; large blocks may be unmapped in any case.
    assert all(left[kind] for kind in KINDS if kind != "large"), left
    assert found_in_child("prepared") == dict.fromkeys(KINDS, 0)


@needs_glibc
@pytest.mark.parametrize("size", [24, 600, 1032])
def test_what_the_thread_keeps_of_freed_blocks_is_overwritten(size: int) -> None:
    library = ctypes.CDLL(None)
    library.malloc.argtypes = [ctypes.c_size_t]
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    # The thread keeps seven blocks of a size: these fill that place, the next empty it.
    for block in [library.malloc(size) for _ in range(7)]:
        library.free(block)
    blocks = [library.malloc(size) for _ in range(7)]
    mark = hashlib.sha256(b"freed").digest()[:8]
    for block in blocks:
        ctypes.memmove(block, mark * (size // 8), size)
        library.free(block)
    overwrite_own_cache()
    # The first 16 bytes are the C library's own.
    assert not any(mark in ctypes.string_at(at, size)[16:] for at in blocks)
