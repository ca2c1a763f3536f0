"""What a process still holds of what it has let go of, and how it gives it back.

Freed memory is neither returned to the system nor overwritten by itself: the bytes of a
photo stay where they were until something else happens to be put there. So, where the
C library is glibc, freed blocks are overwritten as they are freed, and large ones are
blocks of their own that go back to the system at once. What Python itself keeps for
small objects is overwritten by `release`, which also returns what is free.

Elsewhere (musl, macOS, Windows) all this does nothing, and no harm.
"""

from __future__ import annotations

import ctypes
import gc
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

LARGE_BYTES = 1024**2
"""From here on a block is mapped by itself, and unmapped when it is freed."""

FILLER = 0x5A
"""What is written over freed memory; new memory is filled with its complement."""

ARENAS = 2
"""Heaps that threads share: more of them would keep more free memory apart."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_PERTURB, _M_ARENA_MAX = -1, -3, -6, -8
"""Of malloc.h; see `man mallopt`."""

_SMALL_BYTES = range(48, 513, 16)
"""Sizes of the blocks that Python keeps apart, without those that hold no text."""
_NUMPY_SMALL_BYTES, _NUMPY_KEEPS = 1024, 7
_CACHED_BYTES, _GLIBC_KEEPS = range(24, 1033, 16), 7
"""Sizes of the blocks that NumPy and glibc keep apart, and how many of each."""
_BYTES_HEADER = 33
_ARENA_BYTES = 1024**2
_BATCH = 256
_MOST_BYTES = 64 * 1024**2
"""Of one size; more than this is hardly ever free at once."""


@cache
def prepare() -> None:
    """Have freed memory overwritten from now on; to be called early, works once.

    Arrow brings heaps of its own, unless it is told before it is loaded.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(_M_PERTURB, FILLER)
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, LARGE_BYTES)
        mallopt(_M_ARENA_MAX, ARENAS)


def release() -> None:
    """Collect garbage, overwrite what is free, and return it to the system."""
    settle()
    overwrite_small_blocks()
    overwrite_small_arrays()
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def settle() -> None:
    """Collect garbage, and spare every later collection what is alive now.

    A collection walks through all objects there are; the libraries' hundreds of
    thousands never become garbage. Streamlit collects after every run of a script.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def overwrite_small_blocks() -> None:
    """Write zeros over the free blocks that Python keeps for its small objects.

    Of each size as many are taken as there are: until one lies in memory that was not
    there before. All are held until the end, so that no block is met twice.
    """
    arenas = _mapped_arenas()
    if arenas:
        held = [_blocks_until_new_memory(size, arenas) for size in _SMALL_BYTES]
        del held


def overwrite_small_arrays() -> None:
    """Write zeros over what NumPy keeps of the arrays of up to 1 KB that were freed.

    Such as a face's embedding. It keeps a few blocks of every size.
    """
    held = [
        np.zeros(size, np.uint8)
        for size in range(_NUMPY_SMALL_BYTES)
        for _ in range(_NUMPY_KEEPS + 1)
    ]
    del held


def overwrite_own_cache() -> None:
    """Write zeros over the small blocks that glibc keeps for the calling thread.

    Those it does not overwrite when they are freed. A thread that ends gives them up;
    one that goes on, such as the server's, has to call this itself.
    """
    malloc, free = _function("malloc"), _function("free")
    if malloc is None or free is None:
        return
    malloc.argtypes, malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    free.argtypes, free.restype = [ctypes.c_void_p], None
    for size in _CACHED_BYTES:
        held = [malloc(size) for _ in range(_GLIBC_KEEPS)]
        for block in filter(None, held):
            ctypes.memset(block, 0, size)
            free(block)


def _blocks_until_new_memory(size: int, arenas: set[int]) -> list[list[bytes]]:
    held = []
    for _ in range(_MOST_BYTES // (size * _BATCH)):
        held.append([bytes(size - _BYTES_HEADER) for _ in range(_BATCH)])
        if any(id(block) // _ARENA_BYTES not in arenas for block in held[-1]):
            break
    return held


def _mapped_arenas() -> set[int]:
    """Numbers of the stretches of `_ARENA_BYTES` in which anything is mapped."""
    try:
        lines = Path("/proc/self/maps").read_text("ascii").splitlines()
    except OSError:
        return set()
    found: set[int] = set()
    for line in lines:
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if "w" in line.split()[1]:
            found.update(range(start // _ARENA_BYTES, -(-end // _ARENA_BYTES)))
    return found


def _function(name: str) -> Any:
    """A function of glibc; None where the C library is another."""
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  # only glibc has it
        return getattr(library, name)
    except (AttributeError, OSError, TypeError):
        return None
