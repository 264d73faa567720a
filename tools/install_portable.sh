#!/usr/bin/env bash
# Installs ConvLens, without CUDA, for every x86-64 processor since SSE4.2: the program and the library, and the library
# again for AVX2 and for AVX-512 in folders where the dynamic loader looks first on a processor that has them (glibc 2.33
# or newer).
#
#   tools/install_portable.sh PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -ne 1 ]; then
  echo "install_portable: expected one argument, the folder to install into, found $#" >&2
  exit 2
fi
prefix=$(realpath -m "$1")

# configure LEVEL LIBRARY_FOLDER
configure() {
  cmake -S . -B "build/portable/$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCONVLENS_ARCHITECTURE="$1" \
    -DCMAKE_INSTALL_LIBDIR="$2" -DCONVLENS_TESTS=OFF -DCONVLENS_BENCHMARKS=OFF -DCONVLENS_LENS=OFF -DCONVLENS_CUDA=OFF
}

configure x86-64-v2 lib
cmake --build build/portable/x86-64-v2
cmake --install build/portable/x86-64-v2 --prefix "$prefix"
for level in x86-64-v3 x86-64-v4; do
  configure $level lib/glibc-hwcaps/$level
  cmake --build build/portable/$level --target convlens
  cmake --install build/portable/$level --prefix "$prefix" --component library
done
