"""The `assay` command as a person runs it: in a folder of their own, on real files, with nothing but its words."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ASSAY = (sys.executable, "-m", "assay")
PUBLISHED = Path(__file__).parents[2] / "examples" / "published"

# commands.md, Measures as records, last paragraph; then what docs/sending.md adds.
# fmt: off
LOADS = [
    "load", "started_at", "finished_at", "sent_by", "file", "sheet", "sha256", "table", "read", "loaded", "unchanged",
    "duplicate", "no_result", "set_aside", "outcome", "reason",
    "layout", "certainty",
]
# fmt: on
REJECTED = ["file", "sheet", "row", "why", "cells"]
RESULT = ("Department code", "Assessment type", "Assessed on", "Element", "Band")


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    words: tuple[str, ...]
    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Loaded:
    """What `assay load` said of each file, and the rows it set aside."""

    warehouse: "Warehouse"
    tenant: str
    said: Said

    @property
    def files(self) -> list[dict[str, Any]]:
        return self.said.json

    @property
    def number(self) -> int:
        return self.files[0]["load"]

    def file(self, name: str, sheet: str | None = None) -> dict[str, Any]:
        """What the load said of a file (and sheet)."""
        return only(self.files, name, sheet)

    @cached_property
    def rejected(self) -> list[dict[str, Any]]:
        return self.warehouse.records("rejected", str(self.number), "--tenant", self.tenant)

    def why(self, name: str) -> dict[int, str]:
        """The reasons of the rows of a file that were set aside, by row."""
        return {row["row"]: row["why"] for row in self.rejected if row["file"].endswith(name)}


@dataclass
class Warehouse:
    """A warehouse, and the folder in which somebody works with it."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        return {**own, "USER": "pat", **self.settings}

    def start(self, *words: object) -> "subprocess.Popen[bytes]":
        """Begin a command and do not wait for it."""
        return subprocess.Popen(
            [*ASSAY, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def say(self, *words: object, code: int | Sequence[int] = 0) -> Said:
        """Run a command to its end; AssertionError where it ends with another exit code."""
        out, err = (process := self.start(*words)).communicate(timeout=300)
        said = Said(tuple(map(str, words)), process.returncode, out, err.decode())
        codes = (code,) if isinstance(code, int) else code
        assert said.code in codes, f"assay {' '.join(said.words)}: exit code {said.code}\n{said.err}\n{out[:2000]!r}"
        return said

    def records(self, *words: object) -> list[dict[str, Any]]:
        """What a command that lists prints to a pipe."""
        found = self.say(*words).json
        assert isinstance(found, list)
        return found

    def measure(self, name: str, *words: object, tenant: str = "T") -> list[dict[str, Any]]:
        """The records of a measure."""
        return self.records("measure", name, "--tenant", tenant, *words)

    def load(self, *paths: object, tenant: str = "T", code: int | Sequence[int] = 0) -> Loaded:
        """Load files (options go among them); what was read must be accounted for, per file and sheet."""
        loaded = Loaded(self, tenant, self.say("load", *paths, "--tenant", tenant, code=code))
        for record in loaded.files:
            assert list(record) == LOADS
        assert_accounted(loaded.files)
        return loaded

    def check(self, *paths: object, code: int | Sequence[int] = 0) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What would be taken and what not."""
        both = self.say("check", *paths, code=code).json
        for record in both["loads"]:
            assert list(record) == LOADS[1:]
        for record in both["rejected"]:
            assert list(record) == REJECTED
        assert_accounted(both["loads"])
        return both["loads"], both["rejected"]

    def write(self, name: str, what: str | bytes) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(what if isinstance(what, bytes) else what.encode())
        return path

    def csv(self, name: str, heading: Sequence[str] | str, *rows: Sequence[object] | str, **how: Any) -> Path:
        """Write a CSV file; a heading or row may be one text with commas."""
        return self.write(name, csv_text(heading, rows, **how))


def assert_accounted(records: Iterable[dict[str, Any]]) -> None:
    """read = loaded + unchanged + duplicate + no result + set aside (inputs.md section 4)."""
    for r in records:
        if r["outcome"] == "loaded":
            kinds = ("loaded", "unchanged", "duplicate", "no_result", "set_aside")
            assert r["read"] == sum(r[kind] for kind in kinds), r


def only(records: Iterable[dict[str, Any]], name: str, sheet: str | None = None) -> dict[str, Any]:
    """The one record that speaks of a file (and sheet)."""
    found = [r for r in records if Path(r["file"]).name == name and (sheet is None or r["sheet"] == sheet)]
    assert len(found) == 1, f"{len(found)} records of {name} {sheet or ''}: {found}"
    return found[0]


def cells(line: Sequence[object] | str) -> list[str]:
    """A line's cells."""
    return line.split(",") if isinstance(line, str) else ["" if cell is None else str(cell) for cell in line]


def csv_text(heading: Sequence[str] | str, rows: Iterable[Sequence[object] | str], separator: str = ",") -> str:
    """CSV as a spreadsheet writes it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows(map(cells, (heading, *rows)))
    return text.getvalue()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls two at a time; their answers in order."""
    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def tuples(records: Iterable[dict[str, Any]], keys: str) -> list[tuple[Any, ...]]:
    """The values of some keys of each record."""
    return [tuple(record[key] for key in keys.split()) for record in records]
