"""A tenant's canonical tables as files that the way in takes again: what `assay export` writes.

Each table is a CSV with the headings of inputs.md. Text that a spreadsheet would run is quoted with `'`
(formats.defused), and the way in takes that quote away: the files are safe to open and lose nothing. Nobody is asked
to believe it: what was written is read back by the program's own readers and compared cell by cell, and checked as a
load into an empty tenant would be, before the export is said to be whole.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

import formats
from db import audit, reads
from db.loading import Rejected
from db.models import TAKEN_IN
from db.recode import former_codes
from db.session import Scope, open_session
from db.taken_in import named
from db.tenants import SETTINGS, profile_versions, setting, standard_text
from db.upgrade import require_current
from etl.account import load_of
from etl.arrive import arrived
from etl.known import Known
from scheme.errors import UsageError, WarehouseError
from scheme.frames import Schema
from scheme.standard import in_force
from scheme.tables import TABLES

RULES = ".assay"  # hidden, so that a load of the folder passes it over: what the tables are measured by
ABOUT = "tenant.toml"


@dataclass(frozen=True)
class TakenOut:
    """What an export wrote: rows by table, the profiles' files, and what a load of it would not take or keep.

    `confirmed`: codes that were taken in because a row named them, and that the files must name as a register does.
    """

    rows: Mapping[str, int]
    profiles: tuple[Path, ...]
    rejected: tuple[tuple[str, Rejected], ...]  # by file
    confirmed: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class About:
    """What an export says of itself: whose it is, and the fingerprint of all that held (db.reads.content_hash)."""

    code: str
    sha256: str
    rows: int


def take_out(scope: Scope, folder: Path, today: date | None = None) -> TakenOut:
    """Write what holds now in a tenant's canonical tables into a new or empty folder, and the rules it is measured by.

    UsageError where the folder holds anything or cannot be written; WarehouseError where what was written does not
    read back as what the warehouse holds. Recorded in the tenant's audit log.
    """
    require_current()
    with open_session(scope) as session:
        tables = {name: reads.table(session, name) for name in TABLES}
        register, sha256 = reads.register(session), reads.content_hash(session)
        rules = {f"profiles/{_stem(v.profile.code, v.profile.in_force_from)}.toml": _toml(v.body, 0)
                 for v in profile_versions(session) if v.holds}  # fmt: skip
        own = standard_text(session, register.standard.code)
        former = {old: new for old, (new, _) in former_codes(session).items()}
        chosen = {name: setting(session, name) for name in SETTINGS}
    day = today or datetime.now(UTC).date()
    strict = in_force(register.profiles[""], day).unknown_departments == "set_aside"
    written, confirmed = _named_again(tables, strict)
    rows = {name: frame.height for name, frame in written.items()}
    if own is not None:
        rules[f"standards/{register.standard.code}.toml"] = own
    about = {"code": scope.tenant_code, "name": scope.tenant_name, "standard": register.standard.code,
             "content_sha256": sha256, "rows": rows, "former_codes": former, "settings": chosen}  # fmt: skip
    _made(folder)
    try:
        for name, frame in written.items():
            _write(folder / f"{name}.csv", _csv(frame))
        for name, text in rules.items():
            _write(folder / RULES / name, text)
        rejected = _read_back(folder, written, register)
        _write(folder / RULES / ABOUT, _toml(about, 0))  # last: without it, an export is not whole
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}); name another folder") from error
    with open_session(scope, write=True) as session:
        audit.record(session, "exported", "canonical tables", rows=sum(rows.values()), sha256=sha256)
    profiles = tuple(folder / RULES / name for name in rules if name.startswith("profiles/"))
    return TakenOut(rows, profiles, rejected, confirmed, sha256)


def about(folder: Path) -> About:
    """What the export in a folder says of itself; UsageError where there is none, or one that is not whole."""
    try:
        said = tomllib.loads((folder / RULES / ABOUT).read_text("utf-8"))
        return About(said["code"], said["content_sha256"], sum(said["rows"].values()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(f"{folder} holds no whole export; `assay export` makes one") from error


# --- what is written --------------------------------------------------------------------------------------------------


def _named_again(tables: Mapping[str, pl.DataFrame], strict: bool) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """The rows to write, and the codes that nobody confirmed and that must be written all the same.

    A department or site that was taken in because a row named it is left out where the rows name it again, to the same
    effect: so it is still to be confirmed wherever the files go. Where the profile sets unknown codes aside none is.
    """
    sure = {
        name: frame.filter("is_confirmed") if name in TAKEN_IN and not strict else frame
        for name, frame in tables.items()
    }
    place: Schema = {"file_number": pl.Int64, "row_number": pl.Int64}
    again = named({name: frame.with_columns(pl.lit(1, kind).alias(n) for n, kind in place.items())
                   for name, frame in sure.items()})  # fmt: skip
    confirmed: list[str] = []
    for name in TAKEN_IN:
        code, guessed = TABLES[name].key[0], tables[name].filter(~pl.col("is_confirmed"))
        alike = again[name].drop(*place).to_dicts()
        empty = dict.fromkeys(TABLES[name].names)
        kept = [{**empty, **row} for row in alike]
        must = [row for row in guessed.select(TABLES[name].names).to_dicts() if strict or row not in kept]
        confirmed += [row[code] for row in must]
        if not strict and must:
            rest = guessed.filter(pl.col(code).is_in([row[code] for row in must]))
            sure[name] = pl.concat([sure[name], rest])
    return {name: frame.select(TABLES[name].names) for name, frame in sure.items()}, tuple(confirmed)


def _csv(frame: pl.DataFrame) -> str:
    plain = [pl.Series(name, [None if v is None else format(Decimal(repr(v)), "f") for v in frame[name]], pl.String)
             for name, dtype in frame.schema.items() if dtype == pl.Float64]  # fmt: skip
    return formats.defused(formats.flat(frame)).with_columns(plain).write_csv(quote_style="necessary")


def _made(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} cannot be used ({error.strerror}); name a new folder") from error
    if there:
        raise UsageError(f"{folder} is not empty, and what lies there would be loaded too; name a new folder")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text.encode())


def _stem(code: str, since: date | None) -> str:
    return f"{code or 'own'}-{since.isoformat() if since else 'since-ever'}"


def _toml(body: Mapping[str, Any], depth: int) -> str:
    """A mapping of plain values, and of tables of them, as TOML."""
    lines = [f"{_word(k)} = {_value(k, v)}" for k, v in body.items() if not isinstance(v, Mapping) and v is not None]
    for key, below in body.items():
        if isinstance(below, Mapping):
            assert depth == 0, "a profile's tables hold plain values"  # noqa: S101  # no profile has others (commands.md)
            lines += ["", f"[{_word(key)}]", _toml(below, depth + 1).rstrip()]
    return "\n".join(lines) + "\n"


def _value(key: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value('', each) for each in value)}]"
    if isinstance(value, date) or (key == "in_force_from" and isinstance(value, str)):
        return str(value)  # a day stands bare in TOML
    return json.dumps(value) if isinstance(value, bool | int | float) else _word(str(value))


def _word(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- and read back ----------------------------------------------------------------------------------------------------


def _read_back(
    folder: Path, written: Mapping[str, pl.DataFrame], register: reads.Register
) -> tuple[tuple[str, Rejected], ...]:
    """Read the files as a load would, compare every cell, and give the rows that an empty tenant would set aside."""
    files = arrived([folder], None, register.standard, None)
    refused = [f"{file.file}: {file.reason}" for file in files.files if file.outcome == "refused"]
    if refused:
        raise WarehouseError(f"the export would be refused: {'; '.join(refused)}")
    for name, frame in written.items():
        read = files.ledger.get(name)
        if frame.height == 0 and (read is None or read.height == 0):
            continue
        if read is None or read.height != frame.height:
            raise WarehouseError(f"{name}.csv does not read back with as many rows as were written")
        for column in frame.columns:
            was, now = frame[column], read[column]
            if isinstance(was.dtype, pl.List):
                was, now = (each.fill_null([]).list.join(";") for each in (was, now))
            unlike = was.ne_missing(now).arg_true()
            if unlike.len():
                raise WarehouseError(f"{name}.csv, row {unlike[0] + 2}: {column} does not read back as it was")
    nothing = Known({}, frozenset(), frozenset(), register.profiles)
    load, _ = load_of(files, nothing, False, datetime.now(UTC).date())
    return tuple((load.files[row.file_number - 1].file, row) for row in load.rejected)
