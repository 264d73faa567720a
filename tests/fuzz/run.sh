#!/usr/bin/env bash
# Runs every fuzz target for a fixed time, from the committed corpus; as many at once as there are cores.
#
#   tests/fuzz/run.sh SECONDS [BUILD]     BUILD: a build with -DCONVLENS_FUZZ=ON (default: build/fuzz)
#
# What is found stays in BUILD: new inputs in fuzz/SUBJECT, and one that breaks something as crash-* with its log.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:?tests/fuzz/run.sh SECONDS [BUILD]}
build=$(realpath "${2:-build/fuzz}")
passed=0
failed=0

options_of() {
  case "$1" in
    config | model_json) echo "-dict=tests/fuzz/json.dict -max_len=16384" ;;
    *) echo "-max_len=16384" ;;
  esac
}

# fuzz SUBJECT
fuzz() {
  local subject=$1 work=$build/fuzz/$1
  mkdir -p "$work/inputs"
  # shellcheck disable=SC2046  # options are words
  if "$build/tests/fuzz/${subject}_fuzzer" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=6144 -print_final_stats=1 \
       -artifact_prefix="$work/" $(options_of "$subject") "$work/inputs" "tests/fuzz/corpus/$subject" >"$work/log" 2>&1; then
    echo "fuzz $subject: $(sed -n 's/^stat::number_of_executed_units: //p' "$work/log") inputs in $seconds s, nothing found"
  else
    grep -E '^(==[0-9]+==)?ERROR|SUMMARY|runtime error|Test unit written' "$work/log" || tail -n 20 "$work/log"
    echo "fuzz $subject: FAILED, see $work/log"
    return 1
  fi
}

subjects=(tests/fuzz/*_fuzzer.cpp)
subjects=("${subjects[@]##*/}")
subjects=("${subjects[@]%_fuzzer.cpp}")
cores=$(nproc)
for ((first = 0; first < ${#subjects[@]}; first += cores)); do
  running=()
  for subject in "${subjects[@]:first:cores}"; do fuzz "$subject" & running+=($!); done
  for process in "${running[@]}"; do
    if wait "$process"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
done
echo "fuzz targets: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
