"""Departments called by their names: a front sheet says "Housing services" where a table would say its code."""

from collections.abc import Collection, Mapping

import polars as pl

from etl.arrive import Arrived
from etl.tidy import GOOD
from scheme.letters import clean

_PROSE = ("workbook", "matrix", "report")  # layouts whose senders write names, not codes


def read_as_codes(arrived: Arrived, names: Mapping[str, str], codes: Collection[str]) -> None:
    """Read the name of a department as its code where a front sheet or a title says it, and say so in the reports.

    `names`: by code. Only a whole name that one department alone has is read so, and never one that is a code itself.
    """
    spelt: dict[str, list[str]] = {}
    for code, name in names.items():
        spelt.setdefault(_spelt(name), []).append(code)
    meant = {word: found[0] for word, found in spelt.items() if len(found) == 1 and word}
    prose = [number for number, sheet in arrived.sheets.items() if sheet.layout in _PROSE]
    for table, frame in arrived.ledger.items():
        if "department_code" not in frame.columns or not prose or isinstance(frame.schema["department_code"], pl.List):
            continue
        here = pl.col("file_number").is_in(prose)
        said = frame.filter(here & (pl.col("fate") == GOOD)).select("file_number", "department_code").drop_nulls()
        present: dict[str, str] = {}
        for number, name in said.unique(maintain_order=True).iter_rows():
            code = meant.get(_spelt(name), "")
            if code and code != name and name not in codes:
                present[name] = code
                arrived.files[number - 1].notes.append(f"department '{name}' was read as {code}, which has that name")
        if present:
            read = pl.when(here).then(pl.col("department_code").replace(present)).otherwise("department_code")
            arrived.ledger[table] = frame.with_columns(read.alias("department_code"))


def _spelt(name: str) -> str:
    return clean(name).casefold()
