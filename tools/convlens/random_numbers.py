"""Numbers that any language can make again: SplitMix64 as a counter, keyed by a name.

key     = FNV-1a-64(name in UTF-8) XOR (seed * GOLDEN mod 2^64)
z(i)    = mix(key + (i + 1) * GOLDEN),  GOLDEN = 0x9E3779B97F4A7C15
mix(z)  = z ^= z >> 30, z *= 0xBF58476D1CE4E5B9, z ^= z >> 27, z *= 0x94D049BB133111EB, z ^= z >> 31
u(i)    = (z(i) >> 40) / 2^23 - 1, in [-1, 1), exact in float32
"""

from __future__ import annotations

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_MASK = (1 << 64) - 1


def fnv1a(text: str) -> int:
    """FNV-1a, 64 bits."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME & _MASK
    return value


def uniform(name: str, seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """float32 numbers in [-1, 1) for a tensor of that name."""
    count = int(np.prod(shape, dtype=np.int64))
    key = np.uint64(fnv1a(name) ^ (seed * int(GOLDEN) & _MASK))
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64)
        z *= GOLDEN
        z += key
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    z >>= np.uint64(40)
    return (z.astype(np.float32) * np.float32(2**-23) - np.float32(1)).reshape(shape)
