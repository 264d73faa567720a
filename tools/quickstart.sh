#!/usr/bin/env bash
# From a fresh clone to a page about a photo: installs what is missing, builds, gets the default model, one that paints and
# two sample photos, and runs viz/examples/quickstart.json. Run again, it does only what is not done yet.
set -euo pipefail
cd "$(dirname "$0")/.."

models=(efficientnet_lite0 conditional_style26)

run_quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "quickstart: '$*' failed; all of its output is in $log" >&2
    return 1
  fi
}

tools/install_dependencies.sh

mkdir -p build
if [ ! -f build/build.ninja ]; then
  echo "Configuring"
  run_quietly build/configure.log cmake --preset release
fi
if [ ! -x build/viz/viz_run ]; then echo "Building viz_run (some minutes, once)"; fi
run_quietly build/build.log cmake --build build --target viz_run

for model in "${models[@]}"; do
  if [ ! -f "models/$model/model.json" ]; then
    echo "Getting the model $model"
    .venv/bin/python tools/get_model.py "$model"
  fi
done
if [ ! -f models/samples/coffee.png ]; then
  echo "Getting sample photos"
  .venv/bin/python tools/get_samples.py
fi

build/viz/viz_run viz/examples/quickstart.json --out out/quickstart
echo "The page: $PWD/out/quickstart/report.html"
