#!/usr/bin/env bash
# Without a GPU benchmarks/gpu_report.sh says so in one sentence, ends with 2 and does nothing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
before=$(ls docs/results)
said=$(PATH="$PWD/tests/benchmarks/without_gpu:$PATH" benchmarks/gpu_report.sh 2>&1)
code=$?
expected="gpu_report: this machine has no NVIDIA GPU, or no driver for it"
if [ $code -ne 2 ] || [ "$said" != "$expected" ] || [ "$(ls docs/results)" != "$before" ]; then
  echo "exit code $code, said: $said"
  exit 1
fi
