"""Records with named fields: JSON, NDJSON and Parquet. No number goes through a float on its way (F2, F20)."""

import io
import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

import polars as pl

from etl.cells import Book, Sheet, frame_of, marked, shown
from etl.parse.separated import encoding_of
from scheme.errors import FileRefused


def json_book(data: bytes) -> Book:
    """The records of a JSON text: a list of objects, an object of such lists (its sheets), or one object a line.

    FileRefused where it is cut off, or an object has a key twice.
    """
    encoding, notes = encoding_of(data)
    text = data.decode(encoding)
    try:
        whole = _parsed(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise FileRefused(_cut(error, error.lineno)) from error
        return Book("ndjson", [_sheet(None, _lines(text))], notes)
    if isinstance(whole, dict) and whole and all(_are_records(part) for part in whole.values()):
        return Book("json", [_sheet(name, part) for name, part in whole.items()], notes)
    records = whole if isinstance(whole, list) else [whole]
    if not _are_records(records):
        raise FileRefused('the JSON is not a list of objects such as [{"element": "1.1.1", ...}]; send it as one')
    return Book("json", [_sheet(None, records)], notes)


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(record, dict) for record in value)


class _Number(str):
    """A number as the sender wrote it."""


def _parsed(text: str) -> Any:
    def constant(word: str) -> str:
        raise FileRefused(f"the JSON holds {word}, which is no number; leave the value out")

    try:
        return json.loads(
            text, parse_float=_Number, parse_int=_Number, parse_constant=constant, object_pairs_hook=_object
        )
    except RecursionError as error:
        raise FileRefused("the JSON is nested too deeply to be a table; send a list of flat objects") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise FileRefused(f"an object of the JSON has the key '{twice}' twice; keep one of them")
    return made


def _lines(text: str) -> Iterable[dict[str, Any]]:
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = _parsed(line)
            except json.JSONDecodeError as error:
                raise FileRefused(_cut(error, number)) from error
            if not isinstance(record, dict):
                raise FileRefused(f"line {number} of the NDJSON is not an object; send one object a line")
            records.append(record)
    return records


def _cut(error: json.JSONDecodeError, line: int) -> str:
    return f"the JSON cannot be read from line {line} on ({error.msg}); it may be cut off, so send it again"


def _sheet(name: str | None, records: Iterable[dict[str, Any]]) -> Sheet:
    headings: dict[str, None] = {}
    for record in records:
        headings.update(dict.fromkeys(record))
    names = list(headings)
    rows = ((number, [_text(record.get(key)) for key in names]) for number, record in enumerate(records, 1))
    return Sheet(name, frame_of(chain([(0, [marked(key, "text") for key in names])], rows)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return marked(value, "typed_number" if isinstance(value, _Number) else "text")
    if isinstance(value, list) and not any(isinstance(part, list | dict) for part in value):
        return marked(
            ";".join(shown(_text(part)) for part in value),
            "typed_number" if any(isinstance(part, _Number) for part in value) else "text",
        )
    return json.dumps(value, ensure_ascii=False)


def parquet_book(data: bytes) -> Book:
    """The rows of a Parquet file, each column as text; FileRefused where it is damaged."""
    try:
        frame = pl.read_parquet(io.BytesIO(data), use_statistics=False)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise FileRefused(f"the Parquet file is damaged or cut off ({_first_line(error)}); send it again") from error
    headings = frame.columns
    frame.columns = [str(i) for i in range(len(headings))]
    columns = [_column(frame.get_column(name)) for name in frame.columns]
    heading = pl.DataFrame({"row": [0], "width": [0]} | {str(i): [name] for i, name in enumerate(headings)})
    rows = pl.DataFrame({"row": pl.int_range(1, len(frame) + 1, eager=True)}).with_columns(width=pl.lit(0))
    kinds = pl.col("row", "width").cast(pl.UInt32)
    cells = pl.concat([heading.with_columns(kinds), rows.with_columns(kinds, *columns)])
    texts = cells.columns[2:]
    blank = pl.all_horizontal(pl.col(name).str.strip_chars() == "" for name in texts) if texts else pl.lit(True)
    return Book("parquet", [Sheet(None, cells.filter(~blank))])


def _column(column: pl.Series) -> pl.Series:
    """A typed column as texts that carry how it was stored."""
    kind, value = column.dtype, pl.col(column.name)
    date, number = marked("", "date"), marked("", "typed_number")
    if kind == pl.Date:
        text = pl.lit(date) + value.dt.to_string("%Y-%m-%d")
    elif isinstance(kind, pl.Datetime):
        text = pl.lit(date) + value.dt.to_string("%Y-%m-%d %H:%M:%S")
    elif kind.is_float():
        whole = value.is_finite() & (value == value.round()) & (value.abs() < 2**53)
        short, exact = value.cast(pl.Int64, strict=False).cast(pl.String), value.cast(pl.String)
        digits = pl.when(whole).then(short).otherwise(exact)
        text = pl.when(value.is_nan()).then(pl.lit("")).otherwise(pl.lit(number) + digits)
    elif kind.is_numeric():
        text = pl.lit(number) + value.cast(pl.String)
    elif isinstance(kind, pl.List) and not isinstance(kind.inner, pl.List | pl.Struct | pl.Array):
        text = value.cast(pl.List(pl.String)).list.join(";", ignore_nulls=True)
    elif isinstance(kind, pl.Struct):
        text = value.struct.json_encode()
    elif kind == pl.Binary:
        text = value.bin.encode("hex")
    elif kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Time):
        text = value.cast(pl.String)
        text = pl.when(text.str.starts_with("\x00")).then(pl.lit(marked("\x00", "text")[:2]) + text).otherwise(text)
    else:
        return pl.Series(column.name, [("" if item is None else str(item)) for item in column.to_list()], pl.String)
    return column.to_frame().select(text.fill_null("").cast(pl.String).alias(column.name)).to_series()


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
