#!/usr/bin/env bash
# Writes docs/reference from the code. BUILD: the folder of the build (default: build).
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build "${BUILD:-build}" --target viz_run
"${BUILD:-build}/viz/viz_run" reference docs/reference
