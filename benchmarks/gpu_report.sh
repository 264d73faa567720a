#!/usr/bin/env bash
# On a machine with a GPU: builds, runs the tests on the device cuda (under compute-sanitizer, too, where it is installed),
# times every operator's variants beside cuDNN's and cuBLAS's and whole networks beside PyTorch's (where it is installed),
# and writes docs/results/gpu-NAME.md. Nothing else should run on the machine. Without a GPU it says so and ends with 2; with
# a test that failed it ends with 1.
#
#   benchmarks/gpu_report.sh [MODEL_FOLDER..]     without folders: networks of the catalogue with random weights
set -uo pipefail
cd "$(dirname "$0")/.." || exit

ask_gpu() { nvidia-smi --query-gpu="$1" --format=csv,noheader --id=0; }

if ! name=$(ask_gpu name 2>/dev/null); then
  echo "gpu_report: this machine has no NVIDIA GPU, or no driver for it" >&2
  exit 2
fi

work=build/gpu-report
page=docs/results/gpu-$(tr '[:upper:]' '[:lower:]' <<<"$name" | tr -cs '[:alnum:]' '-' | sed 's/-$//').md
failed=no

# section TITLE COMMAND..: what the command prints, as a section of the page.
section() {
  local title=$1
  shift
  echo "== $title"
  printf '\n## %s\n\n```\n' "$title" >>"$work/page.md"
  "$@" >"$work/section.log" 2>&1 || { failed=yes; echo "(ended with an error)" >>"$work/section.log"; }
  cat "$work/section.log" >>"$work/page.md"
  printf '```\n' >>"$work/page.md"
}

# The last lines of GoogleTest: how many passed, and which failed.
tests() { "$@" --gtest_brief=1 2>&1 | grep -v 'Skipped\|^$' | tail -n 40; }

kernel_tests=(build/tests/kernels/kernels_test "--gtest_filter=*__cuda_*:*EveryDevice*/cuda")

ladder() {
  local pass
  for pass in forward backward_data backward_weights; do
    build/benchmarks/kernel_bench --op "$1" --device cuda --pass "$pass" || return
  done
}

networks() {
  build/benchmarks/network_bench "${models[@]}" --device cuda && build/benchmarks/network_bench "${models[@]}" --device cuda --gradient
}

random_models() {
  local network
  for network in vgg16 resnet50 squeezenet1_1 efficientnet_lite0; do
    .venv/bin/python tools/make_random_model.py "$network" --full --out "$work/models" >/dev/null && echo "$work/models/$network"
  done
}

mkdir -p "$work" "$(dirname "$page")"
tools/install_dependencies.sh || exit 1
if ! { cmake --preset release && cmake --build --preset release; } >"$work/build.log" 2>&1; then
  echo "gpu_report: the build failed; see $work/build.log" >&2
  exit 1
fi
models=("$@")
[ ${#models[@]} -gt 0 ] || mapfile -t models < <(random_models)

cat >"$work/page.md" <<PAGE
# Measured on $name

Written by \`benchmarks/gpu_report.sh\`, $(date -u +%F), commit $(git rev-parse --short HEAD). Driver $(ask_gpu driver_version);
clocks of SM and memory before: $(ask_gpu clocks.sm), $(ask_gpu clocks.mem); at most $(ask_gpu clocks.max.sm), $(ask_gpu clocks.max.mem);
power limit $(ask_gpu power.limit).
PAGE
section "Tests on the device cuda" tests "${kernel_tests[@]}"
section "Tests of its library" tests build/tests/cuda/cuda_test
section "Tests of recorded steps" tests build/tests/engine/engine_test "--gtest_filter=*RecordedSession*/cuda"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    section "The same under compute-sanitizer, $tool" tests compute-sanitizer --tool "$tool" --error-exitcode 1 "${kernel_tests[@]}"
  done
fi
for folder in kernels/*/cuda; do
  op=$(basename "$(dirname "$folder")")
  [ "$op" = base ] || section "Kernels of $op" ladder "$op"
done
section "Whole networks" networks
if python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  section "The same networks by PyTorch" python3 benchmarks/peers/torch_gpu.py "${models[@]}"
fi

mv "$work/page.md" "$page"
echo "report: $page"
[ "$failed" = no ]
