"""State spaces: bytes at addresses, of which only those of a variable or buffer may be touched."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

GUARD = 256  # bytes between two allocations, and what each is aligned to


class AccessError(Exception):
    """An access out of bounds or not aligned."""


class Memory:
    """One state space. Nothing lies at address 0."""

    def __init__(self) -> None:
        self.bytes = np.zeros(GUARD, np.uint8)
        self.allocated = np.zeros(GUARD, np.bool_)
        self.float_sizes = np.zeros(GUARD, np.uint8)  # where a float begins that was stored: its bytes

    def allocate(self, content: np.ndarray) -> int:
        """Make room for bytes and return their address."""
        address = self.bytes.size
        padding = np.zeros(-content.size % GUARD + GUARD, np.uint8)
        self.bytes = np.concatenate([self.bytes, content, padding])
        self.allocated = np.concatenate([self.allocated, np.ones(content.size, np.bool_), padding.astype(np.bool_)])
        self.float_sizes = np.zeros(self.bytes.size, np.uint8)
        return address

    def copy(self) -> Memory:
        """Another one with the same content."""
        return deepcopy(self)

    def read(self, address: int, like: np.ndarray) -> np.ndarray:
        """The values there now; bytes as the floats that were stored there, if there were any of one size."""
        place = slice(address, address + like.nbytes)
        sizes = np.unique(self.float_sizes[place])
        known = like.dtype != np.uint8 or sizes.size != 2
        return self.bytes[place].copy().view(like.dtype if known else f"f{sizes[1]}")

    def check_alignment(self, addresses: np.ndarray, alignment: int) -> None:
        """Refuse addresses that are no multiples of it."""
        if (addresses % alignment).any():
            raise AccessError(f"an address is not aligned to {alignment} bytes")

    def load(self, addresses: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The values at the addresses."""
        return self.bytes.view(dtype)[self._checked(addresses, dtype.itemsize) // dtype.itemsize]

    def store(self, addresses: np.ndarray, values: np.ndarray) -> None:
        """Set the values at the addresses; of two at one address, either may stay."""
        size = values.dtype.itemsize
        self.bytes.view(values.dtype)[self._checked(addresses, size) // size] = values
        self.float_sizes[addresses] = size if values.dtype.kind == "f" else 0

    def _checked(self, addresses: np.ndarray, size: int) -> np.ndarray:
        inside = (addresses >= 0) & (addresses + size <= self.bytes.size)
        begins = np.where(inside, addresses, 0)
        if not (self.allocated[begins] & self.allocated[begins + size - 1]).all():
            raise AccessError(f"an access of {size} bytes is out of bounds")
        return addresses
