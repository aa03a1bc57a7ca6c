"""Codes that departments had before they were recoded: who still writes one is understood (db.recode)."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from etl.arrive import Arrived
from etl.tidy import GOOD
from scheme.standard import code_order
from scheme.tables import TABLES


def read_as_present(arrived: Arrived, former: Mapping[str, tuple[str, date]]) -> None:
    """Read former codes of departments in all rows as the present ones, and say so in the files' reports.

    `former`: old code -> present code, and since when it is.
    """
    if not former:
        return
    present = {old: new for old, (new, _) in former.items()}
    read: dict[tuple[int, str], int] = {}
    for name, frame in arrived.ledger.items():
        found = [column for column in ("department_code", "parent_code") if column in TABLES[name].names]
        for column in found:
            several = isinstance(frame.schema[column], pl.List)
            codes = frame.filter(pl.col("fate") == GOOD).select("file_number", column)
            codes = codes.explode(column) if several else codes
            counted = codes.filter(pl.col(column).is_in(list(present))).group_by("file_number", column).len()
            for file_number, code, count in counted.iter_rows():
                read[file_number, code] = max(count, read.get((file_number, code), 0))
            if counted.height:
                frame = _renamed(frame, column, present)
        arrived.ledger[name] = frame
    for (file_number, code), count in sorted(read.items()):
        new, since = former[code]
        rows = f"1 row that says {code} was" if count == 1 else f"{count} rows that say {code} were"
        note = f"{code} is called {new} since {since:%-d %B %Y}: {rows} read as {new}"
        arrived.files[file_number - 1].notes.append(note)


def _renamed(frame: pl.DataFrame, column: str, present: Mapping[str, str]) -> pl.DataFrame:
    if isinstance(frame.schema[column], pl.List):
        said = frame[column].to_list()
        anew = [codes and sorted({present.get(code, code) for code in codes}, key=code_order) for codes in said]
        return frame.with_columns(pl.Series(column, anew, frame.schema[column]))
    renamed = pl.col(column).replace(present)
    if "action_key" not in frame.columns:
        return frame.with_columns(renamed)
    # The key of an action without a code begins with its department (etl.tidy.action_key).
    rest = pl.col("action_key").str.slice(pl.col(column).str.len_chars())
    keyed = pl.col("action_code").is_null() & pl.col(column).is_in(list(present))
    return frame.with_columns(pl.when(keyed).then(renamed + rest).otherwise("action_key").alias("action_key"), renamed)
