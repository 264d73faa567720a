"""What the instructions do, by chapters of the PTX ISA. A new chapter is a new file and nothing else."""

import importlib
import pkgutil

from ptx.meaning import JUMPS, MEETINGS, find

__all__ = ["JUMPS", "MEETINGS", "find"]

for chapter in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{chapter.name}")
