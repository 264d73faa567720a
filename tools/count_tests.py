#!/usr/bin/env python3
"""Count the tests of a JUnit file: prints "passed failed skipped", then a line for each test that was skipped.

ctest and pytest write such files; the sums in their headers are not trusted, every test is looked at.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter


def outcome(test: ElementTree.Element) -> str:
    """What became of one test."""
    if test.find("failure") is not None or test.find("error") is not None or test.get("status") == "fail":
        return "failed"
    if test.find("skipped") is not None or test.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "passed"


def reason(test: ElementTree.Element) -> str:
    """Why a test was skipped, as far as its runner says."""
    element = test.find("skipped")
    message = element.get("message") if element is not None else None
    return " ".join((message or "no reason given").split())


def main() -> None:
    """Count."""
    tests = list(ElementTree.parse(sys.argv[1]).iter("testcase"))
    counts = Counter(outcome(test) for test in tests)
    print(counts["passed"], counts["failed"], counts["skipped"])
    for test in tests:
        if outcome(test) == "skipped":
            print(f"skipped: {test.get('name')} ({reason(test)})")


if __name__ == "__main__":
    main()
