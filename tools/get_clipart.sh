#!/usr/bin/env bash
# Puts some 600 drawings of ten kinds, in the public domain, into models/samples/clipart/KIND: a folder to try `nearest`,
# `embedding` and `top_patches` on. They are from Debian's package openclipart-png (131 MB), which is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

kinds=(animals/birds animals/bugs animals/fish animals/mammals food/beverages food/desserts food/fruit plants/flowers
       transportation/boating transportation/vehicles)
target=models/samples/clipart

[ ! -d "$target" ] || { echo "$target"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! (cd "$scratch" && apt-get download openclipart-png >log 2>&1 && dpkg-deb --extract openclipart-png_*.deb package); then
  tail -n 5 "$scratch/log" >&2
  echo "get_clipart: Debian's package openclipart-png cannot be had here" >&2
  exit 1
fi
mkdir "$scratch/clipart"
for kind in "${kinds[@]}"; do cp -r "$scratch/package/usr/share/openclipart/png/$kind" "$scratch/clipart"; done
mkdir -p "$(dirname "$target")"
mv "$scratch/clipart" "$target"
echo "$target"
