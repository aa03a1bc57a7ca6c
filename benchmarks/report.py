"""What a run of benchmarks says: as a table to read, as JSON to compare, and as the table of docs/performance.md."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from tests import cluster

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of figures -->"
PACKAGES = ("polars", "sqlalchemy", "psycopg", "dash", "flask", "gunicorn", "orjson")
_SIGNS = {True: "met", False: "NOT MET", None: ""}


def whole(figures: Sequence[Figure], about: Mapping[str, Any]) -> dict[str, Any]:
    """A run as JSON has it: what it is about (`circumstances`), and each figure with whether its target is met."""
    return {**about, "figures": [{**asdict(figure), "is_met": figure.is_met} for figure in figures]}


def read(told: Mapping[str, Any]) -> list[Figure]:
    """The figures of such a JSON."""
    return [Figure(**{key: value for key, value in one.items() if key != "is_met"}) for one in told["figures"]]


def circumstances(size: str, failed: Iterable[str]) -> dict[str, Any]:
    """Under what a run was made: when, of which commit, with which versions, on which machine; what failed in it."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": size,
        "failed": list(failed),
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
            "sqlite": sqlite3.sqlite_version,
            "postgresql": _postgresql(),
        },
        "machine": {
            "system": platform.platform(),
            "processor": _line("/proc/cpuinfo", "model name") or platform.processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_gb": round(int((_line("/proc/meminfo", "MemTotal") or "0").split()[0]) / 1e6, 1),
            "load": round(os.getloadavg()[0], 1),
        },
    }


def _postgresql() -> str:
    programs = cluster.programs()
    return _said(str(programs / "postgres"), "--version") if programs else ""


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _line(file: str, name: str) -> str:
    """What stands behind a name in one of Linux's own tables; "" elsewhere."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


# --- tables -----------------------------------------------------------------------------------------------------------


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """The lines of a plain table: a figure in each, in the order in which they came, under a heading for each group."""
    for group, rows in groupby(figures, lambda figure: figure.group):
        cells = [_cells(figure) for figure in rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]) - 1)]
        yield from ("", group)
        for row in cells:
            what, size, value, *more = (cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True))
            sized = (what, size, value.strip().rjust(len(value)), *more)
            yield "  ".join((*sized, row[-1])).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{number(figure.ratio)} x {figure.against}"
    return (
        figure.what,
        figure.size,
        f"{number(figure.value)} {figure.unit}",
        ratio,
        target(figure),
        _SIGNS[figure.is_met],
        figure.note,
    )


def target(figure: Figure) -> str:
    """The target in words; "" where there is none."""
    unit = figure.unit if figure.ratio is None else "x"
    if figure.at_least is not None:
        return f"at least {number(figure.at_least)} {unit}"
    return "" if figure.at_most is None else f"at most {number(figure.at_most)} {unit}"


def number(value: float) -> str:
    """A number with three digits that count, and no more behind the point than that takes."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{places}f}"


def page_table(told: Mapping[str, Any]) -> str:
    """The Markdown between the marks of docs/performance.md: a run, and a table for each group with sizes across."""
    figures, machine = read(told), told["machine"]
    promised = [figure for figure in figures if figure.is_met is not None]
    missed = [figure for figure in promised if not figure.is_met]
    versions = ", ".join(f"{name} {said}" for name, said in told["versions"].items())
    lines = [
        BEGIN,
        f"Made {told['made_at']} (`{told['size']}`, commit `{told['commit']}`) on {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory_gb']} GB, {machine['system']}; load {machine['load']} at its end. "
        f"{versions}.",
        "",
        f"{len(promised) - len(missed)} of {len(promised)} targets met; {len(figures) - len(promised)} more figures "
        "are for orientation. A cell is the figure, its ratio where the target is one, and **not met** where it is "
        "not.",
    ]
    lines += ["", f"Failed and so without figures: {', '.join(told['failed'])}."] if told["failed"] else []
    for group in dict.fromkeys(figure.group for figure in figures):
        lines += ["", f"### {group}", "", *_across([figure for figure in figures if figure.group == group])]
    return "\n".join((*lines, "", END))


def _across(figures: Sequence[Figure]) -> Iterator[str]:
    """A group's tables: rows by what was measured, columns by size; what has the same sizes stands together."""
    rows: dict[tuple[str, str, str], dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault((figure.what, figure.unit, figure.against), {})[figure.size] = figure
    tables: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
    for row, by_size in rows.items():
        tables.setdefault(tuple(by_size), []).append(row)
    for place, (sizes, kept) in enumerate(tables.items()):
        yield from ("",) if place else ()
        yield f"| | {' | '.join(sizes)} | ratio to | target |"
        yield f"|---|{'---:|' * len(sizes)}---|---|"
        for what, unit, against in kept:
            by_size = rows[what, unit, against]
            goals = dict.fromkeys(filter(None, (target(figure) for figure in by_size.values())))
            cells = " | ".join(_cell(by_size[size]) for size in sizes)
            yield f"| {what}, {unit} | {cells} | {against} | {'; '.join(goals)} |"


def _cell(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f" ({number(figure.ratio)} x)"
    return f"{number(figure.value)}{ratio}{' **not met**' if figure.is_met is False else ''}"


def write_page(told: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put a run's table between the marks of the page, and leave all else as it is."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(f"{before}{page_table(told)}{rest.partition(END)[2]}", "utf-8")


def write_json(told: Mapping[str, Any], file: Path) -> None:
    """Keep a run as JSON."""
    file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
