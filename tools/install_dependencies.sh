#!/usr/bin/env bash
# Installs what is missing to build and test ConvLens on Debian or Ubuntu: packages by apt (with sudo unless root), and
# the converters' Python packages into .venv. Where nothing is missing it ends at once and asks no server.
#
#   tools/install_dependencies.sh [--test|--projection]
#       --test: also what only the tests, the fuzz targets and the checks need
#       --projection: also what t-SNE, UMAP and the grid of `embedding` need, into .venv-projection
set -euo pipefail
cd "$(dirname "$0")/.."

# ocl-icd-opencl-dev: libdnnl-dev only recommends it, but its CMake package asks for OpenCL.
build_packages=(g++ cmake ninja-build pkg-config libdnnl-dev ocl-icd-opencl-dev nlohmann-json3-dev libcli11-dev
                libboost-context-dev libdw-dev libssl-dev zlib1g-dev libstb-dev libexif-dev libturbojpeg0-dev libkainjow-mustache-dev libgtest-dev
                libeigen3-dev libfaiss-dev
                libbenchmark-dev python3 python3-venv python3-pip)
test_packages=(clang-format-14 gdb chromium chromium-driver ffmpeg libopenmpi-dev openmpi-bin)
fuzz_compilers=(16 17 18 19)  # Clang before 16 cannot compile the standard library's <ranges>

is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

run_quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "install_dependencies: '$*' failed" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

install_packages() {
  local missing=() package
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Installing ${missing[*]}"
  run_quietly as_root apt-get update
  run_quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
}

# The oldest Clang that will do and that this distribution has.
install_fuzz_compiler() {
  local version
  for version in "${fuzz_compilers[@]}"; do
    if is_installed "clang-$version" && is_installed "libclang-rt-$version-dev"; then return 0; fi
  done
  for version in "${fuzz_compilers[@]}"; do
    if apt-cache show "libclang-rt-$version-dev" >/dev/null 2>&1; then
      install_packages "clang-$version" "libclang-rt-$version-dev"
      return
    fi
  done
  echo "This distribution has no Clang 16 or newer: the fuzz targets cannot be built here."
}

# install_python_packages LIST VENV: one list of packages into a virtual environment, whose installed.sha256 says which
# lists are there already.
install_python_packages() {
  local list=$1 venv=$2 stamp
  stamp=$(sha256sum <"$list")
  [ -x "$venv/bin/python" ] && grep -qsF "$stamp" "$venv/installed.sha256" && return 0
  echo "Installing Python packages into $venv ($list)"
  [ -x "$venv/bin/python" ] || run_quietly python3 -m venv "$venv"
  run_quietly "$venv/bin/python" -m pip install --disable-pip-version-check --requirement "$list"
  echo "$stamp" >>"$venv/installed.sha256"
}

purpose=build
case "${1:-}" in
  "") ;;
  --test) purpose=test ;;
  --projection) purpose=projection ;;
  *) echo "install_dependencies: unknown argument '$1' (expected --test or --projection)" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "install_dependencies: this is neither Debian nor Ubuntu; install by hand the packages that this script names" >&2
  exit 1
fi
install_packages "${build_packages[@]}"
if [ "$purpose" = test ]; then
  install_packages "${test_packages[@]}"
  install_fuzz_compiler
fi
install_python_packages tools/requirements.txt .venv
# A folder of its own: these pin versions that the others need not share, and are large.
if [ "$purpose" != build ]; then install_python_packages tools/requirements-projection.txt .venv-projection; fi
if [ "$purpose" = test ]; then install_python_packages tools/requirements-dev.txt .venv; fi
