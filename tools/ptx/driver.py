"""An exported launch on a GPU, through CUDA's driver alone: cuModuleLoadData, cuLaunchKernel."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from ptx.errors import PtxError
from ptx.launch import Buffers, Launch

DYNAMIC_SHARED_BYTES = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES


class Driver:
    """libcuda, with the first GPU's context made current."""

    def __init__(self) -> None:
        try:
            self.library = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise PtxError("there is no CUDA driver (libcuda.so.1) on this machine") from error
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxSetCurrent", context)

    def call(self, name: str, *arguments: object) -> None:
        """Call a function that returns an error code."""
        function: Callable[..., int] = getattr(self.library, name)
        if (code := function(*arguments)) != 0:
            text = ctypes.c_char_p()
            self.library.cuGetErrorName(code, ctypes.byref(text))
            raise PtxError(f"{name}: {(text.value or b'unknown error').decode()}")

    def function(self, ptx: str, entry: str) -> ctypes.c_void_p:
        """A kernel of a module."""
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), ptx.encode())
        self.call("cuModuleGetFunction", ctypes.byref(function), module, entry.encode())
        return function

    def upload(self, values: np.ndarray) -> int:
        """A copy in the GPU's memory."""
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(values.nbytes))
        self.call("cuMemcpyHtoD_v2", address, pointer_to(values), ctypes.c_size_t(values.nbytes))
        return int(address.value)

    def download(self, address: int, like: np.ndarray) -> np.ndarray:
        """The values there now."""
        values = np.empty_like(like)
        self.call("cuMemcpyDtoH_v2", pointer_to(values), ctypes.c_uint64(address), ctypes.c_size_t(values.nbytes))
        return values


def pointer_to(values: np.ndarray) -> ctypes.c_void_p:
    """Its memory."""
    return ctypes.c_void_p(values.ctypes.data)


def run_on_gpu(launch: Launch) -> Buffers:
    """Run the launch; returns what the buffers then hold."""
    driver = Driver()
    function = driver.function(launch.ptx, launch.entry)
    addresses = {name: driver.upload(values) for name, values in launch.before.items()}
    arguments = [a.bytes_with(addresses) for a in launch.arguments]
    pointers = (ctypes.c_void_p * len(arguments))(*(a.ctypes.data for a in arguments))
    shared = launch.dynamic_shared_bytes
    driver.call("cuFuncSetAttribute", function, DYNAMIC_SHARED_BYTES, shared)
    driver.call("cuLaunchKernel", function, *launch.grid, *launch.block, shared, None, pointers, None)
    driver.call("cuCtxSynchronize")
    return {name: driver.download(addresses[name], values) for name, values in launch.before.items()}
