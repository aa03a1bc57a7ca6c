"""`python -m benchmarks`: runs the benchmarks, prints their table, and keeps it as JSON and in docs/performance.md."""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.report import circumstances, table, target, whole, write_json, write_page


@dataclass(frozen=True)
class Part:
    """A module of benchmarks with `figures(size)`, and how many minutes it may take on two idle cores when whole."""

    name: str
    minutes: int


# All of them, in the order in which they run: one more is one more line.
PARTS = (
    Part("way_in", 4),
    Part("screens", 6),
    Part("load", 8),
    Part("peers", 6),
    Part("browser", 2),
    Part("largest", 2),
    Part("upgraded", 1),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0, or 1 where a part failed (the others' figures are there all the same)."""
    asked = _asked(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers that were begun are ended
    figures: list[Figure] = []
    failed: list[str] = []
    for part in PARTS:
        if asked.only and part.name not in asked.only:
            continue
        budget = f" (may take {part.minutes} minutes on two idle cores)" if asked.size == "whole" else ""
        print(f"{part.name}{budget}", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            for figure in import_module(f"benchmarks.{part.name}").figures(asked.size):
                figures.append(figure)
                said = f"  {figure.what}, {figure.size}: {figure.value:,.2f} {figure.unit}"
                print(f"{said}{' NOT MET: ' + target(figure) if figure.is_met is False else ''}", file=sys.stderr)
        except Exception:
            traceback.print_exc()
            failed.append(part.name)
        print(f"{part.name} took {time.monotonic() - began:,.0f} seconds", file=sys.stderr, flush=True)
    told = whole(figures, circumstances(asked.size, failed))
    print("\n".join(table(figures)))
    if asked.json:
        write_json(told, asked.json)
    if asked.write:
        write_page(told)
    missed = sum(figure.is_met is False for figure in figures)
    broken = f"; failed: {', '.join(failed)}" if failed else ""
    print(f"\n{len(figures)} figures, {missed} targets not met{broken}")
    return 1 if failed else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=("small", "whole"), default="small")
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="PART", help=f"of {', '.join(names)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
