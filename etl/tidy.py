"""Senders' words -> our names, types and codes, row by row (inputs.md section 3); no row is compared with another."""

import hashlib
from collections.abc import Sequence
from datetime import date

import polars as pl

from db.loading import KEY_BYTES, staged_schema
from etl.cells import stored
from etl.layouts.canonical import VALID_UNTIL
from scheme.tables import TABLES, Kind
from scheme.words import Words

# What becomes of a row: at first its words alone decide, then etl.check.
GOOD, SET_ASIDE, NO_RESULT, DUPLICATE = "good", "set_aside", "no_result", "duplicate"


def tidy(table: str, raw: pl.DataFrame, words: Words) -> pl.DataFrame:
    """The rows of a table with typed values, and what becomes of them.

    Takes row_number, file_number, at, fault and columns of the table as their senders wrote them (String; null: the
    file has no such column). Gives db.loading.staged_schema, then at (String), fate (one of the above), why (String:
    the reasons of a row set aside), has_key (Boolean: what the row speaks of could be read). Each distinct text is
    read once.
    """
    spec = TABLES[table]
    values: dict[str, pl.Series] = {}
    unread: dict[str, pl.Series] = {}
    for column in spec.columns:
        values[column.name], unread[column.name] = _read(raw, column.name, column.kind, words)
    if VALID_UNTIL in raw.columns:
        last, unclear = _read(raw, VALID_UNTIL, "day", words)
        # 31 December 9999 says that there is no end; no day follows it.
        values["expires_on"] = _either(values["expires_on"], last.dt.offset_by("1d").clip(upper_bound=date.max))
        unread["expires_on"] = _either(unread["expires_on"], unclear)
    if "mode" in values:
        values["mode"] = values["mode"].fill_null("on_site")
    frame = raw.select("row_number", "file_number", "at", "fault").with_columns(
        *(values[name].alias(name) for name in spec.names),
        *(unread[name].alias(f"why {name}") for name in spec.names),
    )
    if "action_key" in spec.key:
        frame = frame.with_columns(_action_keys(frame))
    needed = [column.name for column in spec.columns if column.filled]
    empty = {name: pl.col(name).is_null() & pl.col(f"why {name}").is_null() for name in needed}
    whys = [pl.when(empty[n]).then(pl.lit(f"{n} is empty; fill it in")).otherwise(f"why {n}") for n in needed]
    whys += [pl.col(f"why {name}") for name in spec.names if name not in needed]
    too_long = pl.sum_horizontal(pl.col(k).cast(pl.String).str.len_bytes().fill_null(0) for k in spec.key) > KEY_BYTES
    whys.append(pl.when(too_long).then(pl.lit("the texts that say what the row is about are too long; shorten them")))
    reasons = pl.concat_str(whys, separator="; ", ignore_nulls=True)
    why = pl.coalesce("fault", pl.when(reasons != "").then(reasons))
    fate = pl.when(why.is_null()).then(pl.lit(GOOD)).otherwise(pl.lit(SET_ASIDE))
    if table == "results":
        readable = pl.all_horizontal(pl.col(f"why {name}").is_null() for name in spec.names)
        says_nothing = readable & pl.col("fault").is_null() & pl.col("band").is_null() & pl.col("element").is_not_null()
        fate = pl.when(says_nothing).then(pl.lit(NO_RESULT)).otherwise(fate)
    told = frame.with_columns(fate.alias("fate"), why.alias("why"), (_has_key(table) & ~too_long).alias("has_key"))
    only_aside = pl.when(pl.col("fate") == SET_ASIDE).then("why").alias("why")
    return told.with_columns(only_aside).select(*staged_schema(table), "at", "fate", "why", "has_key")


def _read(raw: pl.DataFrame, name: str, kind: Kind, words: Words) -> tuple[pl.Series, pl.Series]:
    """A column's values and the reasons why some have none; each distinct cell is read once."""
    dtype = _dtype(kind)
    if name not in raw.columns:
        return pl.Series(name, [None] * raw.height, dtype), pl.Series(name, [None] * raw.height, pl.String)
    cells = raw[name].unique().drop_nulls()
    read = [words.parsed(kind, *stored(cell)) for cell in cells]
    known = pl.DataFrame(
        {
            "cell": cells,
            "value": pl.Series([_listed(value, kind) for value, _ in read], dtype=dtype),
            "why": pl.Series([None if why is None else f"{name}: {why}" for _, why in read], dtype=pl.String),
        }
    )
    both = raw.select(pl.col(name).alias("cell")).join(known, on="cell", how="left", maintain_order="left")
    return both["value"], both["why"]


def _dtype(kind: Kind) -> pl.DataType | type[pl.DataType]:
    for table, spec in TABLES.items():
        for column in spec.columns:
            if column.kind == kind:
                return staged_schema(table)[column.name]
    raise KeyError(kind)


def _listed(value: object, kind: Kind) -> object:
    return value.split(";") if isinstance(value, str) and kind in ("codes", "elements") else value


def _either(first: pl.Series, second: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(first, second)).to_series()


def _action_keys(frame: pl.DataFrame) -> pl.Series:
    """What makes two rows speak of one action: its code, else department, element and action (inputs.md section 1)."""
    parts: Sequence[str] = ("action_code", "department_code", "element", "action")
    return pl.Series("action_key", [action_key(*row) for row in frame.select(parts).iter_rows()], pl.String)


def action_key(code: str | None, department: str | None, element: str | None, action: str | None) -> str | None:
    """The key of an action; its text, which may be long, as a fingerprint. None where no action is named."""
    if code:
        return code
    if not action:
        return None
    print_ = hashlib.sha256(action.encode()).hexdigest()[:24]
    return f"{department or ''}/{element or ''}/{print_}"


def _has_key(table: str) -> pl.Expr:
    """Whether all that says what a row speaks of could be read."""
    spec = TABLES[table]
    own = [name for name in spec.key if name in spec.names]
    if own != list(spec.key):  # an action: its code, or all of what stands for it
        by_code = pl.col("action_code").is_not_null()
        others = [pl.col(f"why {name}").is_null() for name in ("action_code", "department_code", "element", "action")]
        return pl.col("fault").is_null() & (by_code | pl.all_horizontal(*others, pl.col("action").is_not_null()))
    filled = [pl.col(column.name).is_not_null() for column in spec.columns if column.filled and column.name in own]
    return pl.all_horizontal(pl.col("fault").is_null(), *(pl.col(f"why {name}").is_null() for name in own), *filled)
