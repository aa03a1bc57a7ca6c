#!/usr/bin/env bash
# Keeps the program of a released version as a wheel under the number of its schema, for tests/db/test_rolling.py:
#   tests/db/releases/make.sh COMMIT /path/to/a/python/with/setuptools
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir "$made/source"
root=$(git -C "$here" rev-parse --show-toplevel)
git -C "$root" archive --format=tar "$1" | tar -x -C "$made/source"
"$2" -m pip wheel -q --no-deps --no-build-isolation -w "$made" "$made/source"
version=$(ls "$made/source/db/migrations/versions" | sed -n 's/^\([0-9]\{4\}\)_.*/\1/p' | tail -1)
mv "$made"/*.whl "$here/$version.whl"
ls -l "$here/$version.whl"
