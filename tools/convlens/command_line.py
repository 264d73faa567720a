"""What the commands share: arguments, and how errors end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from convlens.classes import class_names, read_class_names
from convlens.errors import UserError
from convlens.fetch import default_cache
from convlens.model_file import TYPES

USERS_MISTAKE = 2
INTERRUPTED = 130


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every command that writes a model."""
    parser.add_argument(
        "--weights", metavar="SCHEME", help="which publisher's files these are (default: the one that fits)"
    )
    parser.add_argument(
        "--type", choices=sorted(TYPES, reverse=True), default="f32", help="how numbers are stored (default: f32)"
    )
    parser.add_argument("--classes", metavar="FILE", help='names of the classes: a .json or .txt file, or "none"')
    parser.add_argument(
        "--cache", type=Path, default=default_cache(), help="folder for downloads (default: %(default)s)"
    )


def chosen_classes(argument: str | None, default: object, cache: Path) -> list[str] | None:
    """Names of the classes: the user's file, or what the catalogue says."""
    if argument == "none":
        return None
    return read_class_names(Path(argument)) if argument else class_names(default, cache)


def run(main: Callable[[], None]) -> None:
    """Run a command; a UserError becomes one sentence and exit code 2."""
    try:
        main()
    except UserError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(USERS_MISTAKE)
    except OSError as error:
        print(f"{Path(sys.argv[0]).name}: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        sys.exit(USERS_MISTAKE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
