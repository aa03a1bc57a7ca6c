"""The archive of a backup: a ZIP of Parquet tables, files as they were sent, and a manifest that says what they are.

One form for both databases, which no database's own tools are needed to read (decision 52). The rows of a table lie in
members of their own for each tenant, and once more for the platform. The manifest names every table's columns and kinds
in the order in which rows go in, counts the rows and says the sum of their fingerprints, so that what comes back is
held against what went in whatever its order; each member's SHA-256 is there too. Values keep their kind to the bit.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import polars as pl
from sqlalchemy import Boolean, Column, Date, Double, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from db.mapped import Moment
from scheme.errors import BackupInvalid

FORMAT = 1
MANIFEST = "manifest.json"
PLATFORM = "platform"  # whose rows are no tenant's
AT_ONCE, LARGE_AT_ONCE = 50_000, 50  # rows of one member; of tables that hold files
# By kind: what the warehouse calls it, and how it travels.
KINDS: Mapping[str, tuple[type[TypeEngine[Any]], Any]] = {
    "text": (Text, pl.String),
    "count": (Integer, pl.Int64),
    "number": (Double, pl.Float64),
    "flag": (Boolean, pl.Boolean),
    "day": (Date, pl.Date),
    "moment": (Moment, pl.Datetime("us", "UTC")),
    "bytes": (LargeBinary, pl.Binary),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a table for one tenant: how many, the sum of their fingerprints, their members, their highest id."""

    rows: int
    sha256: str
    members: tuple[str, ...]
    highest: int = 0


@dataclass(frozen=True)
class Taken:
    """A tenant in an archive: its rows by table, and the fingerprints of its files."""

    id: int
    code: str
    tables: Mapping[str, Rows]
    originals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; `only`: the code of the one tenant it was asked for, None: everything."""

    program: str
    schema: str
    database: str
    made_at: str
    only: str | None
    columns: Mapping[str, Columns]
    platform: Mapping[str, Rows]
    tenants: tuple[Taken, ...]
    lost: tuple[str, ...] = ()  # files of which the warehouse told, and which were not where they are kept
    members: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """How many rows there are."""
        owners = (self.platform, *(tenant.tables for tenant in self.tenants))
        return sum(each.rows for tables in owners for each in tables.values())

    @property
    def files(self) -> int:
        """How many files there are, as they were sent."""
        return sum(len(tenant.originals) for tenant in self.tenants)


def columns_of(table: Table) -> Columns:
    """The columns of a table of the models with their kinds; AssertionError for one that no kind stands for."""
    return tuple((column.name, _kind(column)) for column in table.columns)


def _kind(column: Column[Any]) -> str:
    for kind, (known, _) in KINDS.items():
        if isinstance(column.type, known):
            return kind
    raise AssertionError(f"{column}: an archive has no kind for {column.type!r}; add one to db.archive.KINDS")


@cache
def table_of(name: str, columns: Columns) -> Table:
    """A table by its columns, as an archive says them: the models may know another version of it."""
    return Table(name, MetaData(), *(Column(column, KINDS[kind][0]) for column, kind in columns))


# --- what rows amount to ----------------------------------------------------------------------------------------------


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"{type(value).__name__} has no text of its own")


_CANONICAL = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_plain).encode
_MODULUS = 2**256


class Sum:
    """The sum of fingerprints of rows, the same in whatever order they come; each counts as often as it is there."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self.rows = 0
        self._total = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take rows in."""
        for row in rows:
            digest = hashlib.sha256(_CANONICAL(list(row)).encode("ascii")).digest()
            self._total += int.from_bytes(digest, "big")
            self.rows += 1

    @property
    def sha256(self) -> str:
        """The sum so far, in hexadecimal."""
        return f"{self._total % _MODULUS:064x}"


# --- writing ----------------------------------------------------------------------------------------------------------


class Writer:
    """An archive while it is made, into a file that need not be one that can be wound back."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin an archive in a file."""
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._members: dict[str, str] = {}

    def __enter__(self) -> "Writer":
        """The same."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it as it is: what was not finished is no archive, and its file may be gone by now."""
        self._zip.fp = None

    def put(self, name: str, data: bytes, packed: bool = False) -> None:
        """Add a member; `packed`: it is not packed yet."""
        told = zipfile.ZipInfo(name)
        told.external_attr, told.compress_type = 0o600 << 16, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        self._zip.writestr(told, data)
        self._members[name] = hashlib.sha256(data).hexdigest()

    def put_rows(self, owner: str, table: str, columns: Columns, parts: Iterable[Sequence[Sequence[Any]]]) -> Rows:
        """Add the rows of a table of somebody, in parts; gives what the manifest says of them."""
        total, highest = Sum(), 0
        members: list[str] = []
        schema = {name: KINDS[kind][1] for name, kind in columns}
        serial = next((n for n, told in enumerate(columns) if told == ("id", "count")), None)
        for part in filter(len, parts):
            total.add(part)
            if serial is not None:
                highest = max([highest, *(row[serial] for row in part)])
            frame = pl.DataFrame([tuple(row) for row in part], schema, orient="row")
            members.append(f"{owner}/{table}-{len(members) + 1}.parquet")
            self.put(members[-1], _parquet(frame))
        return Rows(total.rows, total.sha256, tuple(members), highest)

    def put_original(self, owner: str, sha256: str, data: bytes) -> None:
        """Add a file as it was sent."""
        self.put(original(owner, sha256), data, packed=True)

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, and with it the fingerprint of each member, and end the archive."""
        told = {**asdict(manifest), "members": self._members}
        self.put(MANIFEST, json.dumps(told, indent=1, ensure_ascii=True).encode("ascii"), packed=True)
        self._zip.close()


def original(owner: str, sha256: str) -> str:
    """The member that is a file of a tenant, as it was sent."""
    return f"{owner}/originals/{sha256}"


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()


# --- reading ----------------------------------------------------------------------------------------------------------


class Archive:
    """An archive that was opened: its manifest, and its members, each held against its fingerprint when it is read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Read the manifest; BackupInvalid where there is none of ours."""
        self._zip = archive
        self.manifest = _manifest(self._read(MANIFEST))
        there = {name for name in archive.namelist() if name != MANIFEST}
        known = set(self.manifest.members)
        if len(archive.namelist()) != len(there) + 1 or there != known:
            odd = sorted(there ^ known)
            raise BackupInvalid(f"the backup is not whole: {odd[0] if odd else 'a part'} is missing, or too much")

    def rows(self, table: str, told: Rows) -> Iterator[pl.DataFrame]:
        """The rows of a table for one tenant, in parts; BackupInvalid where they are not those that were written."""
        schema = {name: KINDS[kind][1] for name, kind in self.manifest.columns[table]}
        for name in told.members:
            data = self.member(name)
            try:
                frame = pl.read_parquet(data)
            except pl.exceptions.PolarsError as error:
                raise _broken(name) from error
            if dict(frame.schema) != schema:
                raise _broken(name)
            yield frame

    def member(self, name: str) -> bytes:
        """The bytes of a member; BackupInvalid where they are not those that were written."""
        data = self._read(name)
        if hashlib.sha256(data).hexdigest() != self.manifest.members.get(name):
            raise _broken(name)
        return data

    def _read(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise BackupInvalid(f"the backup is not whole: {name} is missing") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise _broken(name) from error
        except RuntimeError as error:  # a bit that says it is closed by a password
            raise _broken(name) from error


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive in a file that is not closed (db.sealed); BackupInvalid where it is none, or is not whole."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BackupInvalid(f"{path.name} is no backup of Assay, or was cut short or damaged ({error})") from error
    with archive:
        yield Archive(archive)


def _broken(name: str) -> BackupInvalid:
    return BackupInvalid(f"the backup is damaged: {name} is not what was written; take another one")


def _manifest(data: bytes) -> Manifest:
    try:
        told = json.loads(data)
        if told["format"] != FORMAT:
            raise BackupInvalid(f"the backup is of format {told['format']}, made by a newer Assay; update this one")
        columns = {name: tuple((c, k) for c, k in of) for name, of in told["columns"].items()}
        tenants = tuple(
            Taken(int(one["id"]), str(one["code"]), _rows(one["tables"]), tuple(one["originals"]))
            for one in told["tenants"]
        )
        found = Manifest(
            program=str(told["program"]),
            schema=str(told["schema"]),
            database=str(told["database"]),
            made_at=str(told["made_at"]),
            only=told["only"],
            columns=columns,
            platform=_rows(told["platform"]),
            tenants=tenants,
            lost=tuple(told["lost"]),
            members=dict(told["members"]),
        )
        names = [*columns, *(name for of in columns.values() for name, _ in of)]
        kinds = {kind for of in columns.values() for _, kind in of}
        tables = {name for tables in (found.platform, *(t.tables for t in tenants)) for name in tables}
        if not all(map(_NAME.fullmatch, names)) or kinds - set(KINDS) or tables - set(columns):
            raise ValueError("names")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupInvalid(f"the backup's {MANIFEST} is not one of ours, or was damaged ({error})") from error
    return found


def _rows(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Rows]:
    return {
        table: Rows(int(of["rows"]), str(of["sha256"]), tuple(of["members"]), int(of["highest"]))
        for table, of in told.items()
    }
