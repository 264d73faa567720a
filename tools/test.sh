#!/usr/bin/env bash
# Builds and runs all tests, and ends with one line that counts them. The exit code is 0 only if none failed and some
# passed. With CI=true the tests that need the networks and photos of ../shared ($CONVLENS_SHARED) must not be skipped.
#
#   tools/test.sh [--quick]     --quick: without the second build, under the sanitizers, and without fuzzing
set -uo pipefail
cd "$(dirname "$0")/.."

quick=no
case "${1:-}" in
  "") ;;
  --quick) quick=yes ;;
  *) echo "test: unknown argument '$1' (the only one is --quick)" >&2; exit 2 ;;
esac

fuzz_seconds=${CONVLENS_FUZZ_SECONDS:-10}
cores=$(nproc)
export OMP_WAIT_POLICY=passive  # tests that run side by side share the cores
results=build/test-results
passed=0
failed=0
skipped=0
started=$SECONDS

step() { printf '== %s (%d s)\n' "$1" $((SECONDS - started)); }

fail() {
  echo "test: $1" >&2
  failed=$((failed + 1))
}

# build PRESET [TARGET..]: configures if need be, and builds everything or these targets.
build() {
  local preset=$1 log=$results/$1-build.log
  shift
  if ! cmake --preset "$preset" >"$log" 2>&1 || ! cmake --build --preset "$preset" ${1:+--target} "$@" >>"$log" 2>&1; then
    grep -E -A 5 'error|FAILED' "$log" | head -n 40
    fail "the build '$preset' failed; all of its output is in $log"
    return 1
  fi
  if grep -q 'warning:' "$log"; then
    grep 'warning:' "$log" | sort -u | head -n 20
    fail "the build '$preset' has warnings"
  fi
}

# count FILE: adds the tests of a JUnit file, and names those that were skipped.
count() {
  local counts
  if ! counts=$(.venv/bin/python tools/count_tests.py "$1"); then
    fail "no results were written to $1"
    return
  fi
  tail -n +2 <<<"$counts"
  read -r p f s < <(head -n 1 <<<"$counts")
  passed=$((passed + p))
  failed=$((failed + f))
  skipped=$((skipped + s))
}

# ctest_of PRESET ARGUMENTS..
ctest_of() {
  local preset=$1 junit=$PWD/$results/$1.xml
  shift
  rm -f "$junit"
  ctest --preset "$preset" --parallel "$cores" --output-junit "$junit" "$@" >"$results/$preset-ctest.log" 2>&1 ||
    sed -n '/tests passed/,$p' "$results/$preset-ctest.log"
  count "$junit"
}

# test_programs PRESET SUITE..: runs GoogleTest programs as they are, where ctest would start a process for every test;
# each in as many parts as there are cores.
test_programs() {
  local preset=$1 suite name part
  shift
  for suite in "$@"; do
    name=$preset-${suite}_test
    for part in $(seq "$cores"); do test_part "$(build_folder "$preset")/tests/$suite/${suite}_test" "$name-$part" "$part" & done
    wait
    for part in $(seq "$cores"); do count "$PWD/$results/$name-$part.xml"; done
  done
}

# test_part PROGRAM NAME PART
test_part() {
  local junit=$PWD/$results/$2.xml log=$results/$2.log
  rm -f "$junit"
  GTEST_TOTAL_SHARDS=$cores GTEST_SHARD_INDEX=$(($3 - 1)) "$1" --gtest_brief=1 --gtest_output="xml:$junit" >"$log" 2>&1 ||
    { head -n 60 "$log"; echo "$2 failed; see $log"; }
}

build_folder() {
  if [ "$1" = release ]; then echo build; else echo "build/$1"; fi
}

python_tests() {
  rm -f "$results/pytest.xml"
  .venv/bin/python -m pytest -q --junit-xml="$results/pytest.xml" tests/tools >"$results/pytest.log" 2>&1 ||
    tail -n 60 "$results/pytest.log"
}

newest_fuzz_compiler() {
  local version
  for version in 16 17 18 19; do
    if command -v "clang++-$version" >/dev/null; then echo "clang++-$version"; return; fi
  done
}

mkdir -p "$results"
tools/install_dependencies.sh --test || exit 1

step "building"
build release && {
  step "C++ tests"
  test_programs release kernels
  ctest_of release --label-exclude kernels
}

step "Python tests"
python_tests &  # of one core: beside the second build

if [ "$quick" = no ]; then
  compiler=$(newest_fuzz_compiler)
  instrumented=fuzz
  [ -n "$compiler" ] || instrumented=sanitize
  suites="kernels simt engine weights viz_io viz"
  # shellcheck disable=SC2086  # suites are words
  targets=$(printf '%s_test ' $suites; for fuzzer in tests/fuzz/*_fuzzer.cpp; do basename "$fuzzer" .cpp; done)
  step "building with the sanitizers"
  # shellcheck disable=SC2086  # targets are words
  CXX=${compiler:-g++} build "$instrumented" $targets && {
    step "C++ tests under the sanitizers"
    # Without CUDA kernels, which would take half an hour here: tests/lens watches each of their accesses. Nor what takes
    # minutes to learn.
    # shellcheck disable=SC2086  # suites are words
    GTEST_FILTER='-*__simt_*:*__simt:Train.Learns*:FolderRun.EmbeddingByTsne*:*.AnInterruptKeepsAndResume*:DeepDream.GoesOn*' test_programs "$instrumented" $suites
    if [ -n "$compiler" ]; then
      step "fuzzing"
      tests/fuzz/run.sh "$fuzz_seconds" "build/$instrumented" | tee "$results/fuzz.log"
      passed=$((passed + $(grep -c 'nothing found$' "$results/fuzz.log")))
      failed=$((failed + $(grep -c 'FAILED, see' "$results/fuzz.log")))
    else
      echo "skipped: fuzz targets (they need Clang 16 or newer)"
      skipped=$((skipped + 1))
    fi
  }
fi

wait  # for the Python tests
count "$results/pytest.xml"

step "done"
[ $((passed + failed)) -gt 0 ] || fail "no test ran"
if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then fail "$skipped tests were skipped, which CI does not allow"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
