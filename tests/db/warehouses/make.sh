#!/usr/bin/env bash
# Keeps the demo's warehouse of a released version, from that version's own working copy and Python:
#   tests/db/warehouses/make.sh /path/to/that/version /path/to/its/python
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cd "$1"
export ASSAY_DATABASE_URL="sqlite:///$made/assay.db" PYTHONPATH="$1"
"$2" -m assay demo --no-serve > /dev/null
version=$("$2" -c "import sqlite3; print(*sqlite3.connect('$made/assay.db').execute('SELECT version_num FROM alembic_version').fetchone())")
"$2" -m assay measure headroom --tenant ASHCOMBE --as-of 2026-11-20 --format json > "$here/$version.headroom.json"
"$2" -c "
import lzma, pathlib, sqlite3
said = '\n'.join(sqlite3.connect('$made/assay.db').iterdump())
pathlib.Path('$here/$version.sql.xz').write_bytes(lzma.compress(said.encode(), preset=9))"
ls -l "$here/$version".*
