"""The corpus of hostile and damaged files: what each is, its bytes, and what must be said of it.

`python -m tests.faults.corpus FOLDER` writes them all; without a folder it prints the table of docs/faults.md.
"""

import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.etl.made import csv
from tests.faults.cut_off import cut
from tests.faults.disguised import disguised
from tests.faults.fault import HEADINGS, NUMBERS, Fault, rows
from tests.faults.faulty_records import json_and_empty
from tests.faults.faulty_texts import texts
from tests.faults.faulty_workbooks import workbooks


def _all() -> Iterator[Fault]:
    for fault in chain(cut(), texts(), json_and_empty(), workbooks(), disguised()):
        yield fault
        NUMBERS["made"] += 1


FAULTS = {fault.name: fault for fault in _all()}


def paper() -> str:
    """The rows of the table in docs/faults.md."""
    return "".join(f"| `{shown(fault.name)}` | {fault.what} | {fault.ends} |\n" for fault in FAULTS.values())


def shown(name: str) -> str:
    """A name as it can be printed in one line."""
    return re.sub(r"x{20,}", "x...x", name.encode("unicode_escape").decode())


def write_all(folder: Path) -> None:
    """Write every file into a folder of its own, with a good one behind it whose department is its number."""
    for n, fault in enumerate(FAULTS.values()):
        own = folder / f"{n:02}"
        own.mkdir(parents=True)
        (own / fault.name).write_bytes(fault.data)
        (own / "~~good.csv").write_text(csv(HEADINGS, *((f"G{n}", *row[1:]) for row in rows())), newline="")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write_all(Path(sys.argv[1]))
    else:
        print(paper(), end="")
