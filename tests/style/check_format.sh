#!/usr/bin/env bash
# Fails, naming the places, if a C++ file is not as clang-format leaves it. Exit code 77: there is no clang-format 14.
set -euo pipefail
formatter=$1
if ! command -v "$formatter" >/dev/null; then
  echo "clang-format-14 is not installed"
  exit 77
fi
find kernels engine weights viz tests benchmarks -name '*.h' -o -name '*.cpp' -o -name '*.cu' | xargs "$formatter" --dry-run -Werror
