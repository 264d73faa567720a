#!/usr/bin/env bash
# Runs the tests of kernels and engine in build/ with each library of an installation by tools/install_portable.sh that
# this processor can run.
#
#   tools/test_portable.sh PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -ne 1 ] || [ ! -d "$1/lib/glibc-hwcaps" ]; then
  echo "test_portable: expected one argument, a folder that tools/install_portable.sh installed into, found '$*'" >&2
  exit 2
fi
kernels=build/tests/kernels/kernels_test
engine=build/tests/engine/engine_test
loader=$(readelf --string-dump=.interp "$kernels" | grep --only-matching '/.*')

# Of one level the loader finds that library alone, of none the one for every processor.
failed=0
for level in none x86-64-v3 x86-64-v4; do
  if [ $level != none ] && ! "$loader" --help | grep --quiet "$level (supported"; then
    echo "$level: not on this processor"
    continue
  fi
  for program in "$kernels --gtest_filter=*-*__simt_*" $engine; do
    echo "== $level: ${program%% *}"
    # shellcheck disable=SC2086  # a program and its argument
    "$loader" --glibc-hwcaps-mask $level --library-path "$1/lib" $program --gtest_brief=1 || failed=1
  done
done
exit $failed
