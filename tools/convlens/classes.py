"""Names of a classifier's classes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from convlens.catalogue import CATALOGUE
from convlens.errors import UserError
from convlens.fetch import fetch

_SYNSET = re.compile(r"^n\d{8}\s+")


def class_names(source: Any, cache: Path) -> list[str] | None:
    """Names from what the catalogue says: None, a list, or the name of a file in catalogue/classes."""
    if source is None or isinstance(source, list):
        return source
    entry = json.loads((CATALOGUE / "classes" / f"{source}.json").read_text(encoding="utf-8"))
    return entry if isinstance(entry, list) else read_class_names(fetch(entry, cache))


def read_class_names(path: Path) -> list[str]:
    """Names from a file: a JSON list, a JSON object index -> name, or lines (a leading WordNet id is dropped)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if path.suffix != ".json":
        return [_SYNSET.sub("", line).strip() for line in text.splitlines() if line.strip()]
    try:
        document = json.loads(text)
        names = document if isinstance(document, list) else [document[str(i)] for i in range(len(document))]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} is neither a JSON list of names nor an object of names by index") from None
    return [str(name) for name in names]
