"""Whether the warehouse can be used, and how near it is to its limits: asked before serving, and by operators.

reliability.md W1, W8, W9. A finding never holds a password, nor anything that a tenant sent.
"""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from db import originals
from db.engine import BUSY_SECONDS, FAULTS, JOURNAL, absent, address, engine, in_words
from db.upgrade import unlocked
from db.version import Version, head, version_in
from scheme.errors import AssayError, UsageError

FINE, NOTE, WARNING, WRONG = "fine", "note", "warning", "wrong"
# **ours**: below the first there is still time to make room, below the second a load may not fit any more.
LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000  # free bytes
MANY = 0.8  # of the connections that PostgreSQL takes
SAFE_WAL = (3, 51, 3)
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Finding:
    """What was found about one thing: fine, worth a note, a warning, or wrong; and what to do about it."""

    about: str
    state: str
    what: str
    mend: str = ""


def warehouse() -> list[Finding]:
    """What is found about the warehouse as the program's own role finds it; never raises for what is wrong with it."""
    try:
        made = engine()
    except UsageError as error:
        return [Finding("warehouse", WRONG, str(error), "mend ASSAY_DATABASE_URL")]
    found = _of_sqlite(made.url.database or "") if made.dialect.name == "sqlite" else []
    if absent(made):
        return [*found, Finding("warehouse", WRONG, f"there is none at {made.url.database}", "run `assay upgrade`")]
    try:
        with made.connect() as connection:
            found.append(Finding("warehouse", FINE, f"{_NAMES.get(made.dialect.name, made.dialect.name)} answers"))
            found.append(_of_version(version_in(connection)))
            if found[-1].state != WRONG:
                found += _of_locks(connection)
            if made.dialect.name == "postgresql":
                found.append(_of_connections(*_used(connection)))
    except FAULTS as error:
        words = in_words(error, made) or f"the warehouse cannot be used ({type(error).__name__})"
        found.append(Finding("warehouse", WRONG, str(words), "look at ASSAY_DATABASE_URL, and at the database itself"))
    return found


def how_kept() -> str:
    """What the warehouse lies in, and who may write and read there at once, for the log of a server (W1)."""
    made = engine()
    if made.dialect.name != "sqlite":
        return "PostgreSQL"
    readers = "readers go on meanwhile" if JOURNAL == "WAL" else "readers wait while it commits"
    return (
        f"SQLite {sqlite3.sqlite_version}, journal {JOURNAL}: one writer at a time, others wait {BUSY_SECONDS:.0f} "
        f"seconds at most, {readers}"
    )


def kept_files() -> list[Finding]:
    """Whether what is sent can be kept as it came."""
    try:
        where = originals.place()
        if where == originals.OFF:
            return [Finding("originals", NOTE, "files are not kept as they were sent", "set ASSAY_ORIGINALS to keep")]
        originals.try_to_keep()
    except AssayError as error:
        return [Finding("originals", WRONG, str(error), "mend ASSAY_ORIGINALS, or who may write there")]
    return [Finding("originals", FINE, "they can be written")]


def disk() -> list[Finding]:
    """How much room there is where the SQLite file and the originals lie; each disk is told of once."""
    found, met = [], set()
    for about, path in _places():
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        if there.stat().st_dev in met:
            continue
        met.add(there.stat().st_dev)
        free = shutil.disk_usage(there).free
        state = WRONG if free < TOO_LITTLE else WARNING if free < LITTLE else FINE
        mend = "" if state == FINE else f"make room on the disk of {there}"
        found.append(Finding(f"disk of {about}", state, f"{free / 1e9:.1f} GB free", mend))
    return found


def connections_in_use() -> tuple[int, int] | None:
    """How many connections PostgreSQL has in use, and how many it takes from us; None on SQLite and out of reach."""
    try:
        made = engine()
        if made.dialect.name != "postgresql":
            return None
        with made.connect() as connection:
            return _used(connection)
    except (*FAULTS, UsageError):
        return None


def connections() -> list[Finding]:
    """A finding about connections of PostgreSQL; none on SQLite, nor where it is out of reach."""
    used = connections_in_use()
    return [] if used is None else [_of_connections(*used)]


def unready() -> str:
    """Why nothing should be asked of this program now; "" where it is ready."""
    for finding in (*warehouse(), *disk()):
        if finding.state == WRONG:
            return f"{finding.about}: {finding.what}"
    return ""


def _places() -> list[tuple[str, Path]]:
    places = []
    try:
        url = address()
        if url.get_backend_name() == "sqlite" and url.database:
            places.append(("the warehouse", Path(url.database).absolute()))
        where = originals.place()
        if where != originals.OFF and "://" not in where:
            places.append(("the originals", Path(where).absolute()))
    except UsageError:
        pass  # told of where the settings are
    return places


def _of_sqlite(path: str) -> list[Finding]:
    version = ".".join(map(str, sqlite3.sqlite_version_info))
    floor = ".".join(map(str, SAFE_WAL))
    if sqlite3.sqlite_version_info >= SAFE_WAL:
        found = [Finding("SQLite library", FINE, version)]
    else:
        what = f"{version}, older than {floor}: no write-ahead log, so readers wait while something is written"
        found = [Finding("SQLite library", NOTE, what, f"run Python with SQLite {floor} or later")]
    try:
        with Path(path).open("rb") as file:
            is_wal = file.read(20)[18:20] == b"\x02\x02"  # the format of the file, before anything opens it
    except OSError:
        return found
    if is_wal and JOURNAL != "WAL":
        what = f"the file has a write-ahead log, which SQLite {version} may damage"
        return [
            *found,
            Finding("journal mode", WRONG, what, "stop every program that has it open, then start this one"),
        ]
    return [*found, Finding("journal mode", FINE, JOURNAL)]


def _of_version(version: Version | None) -> Finding:
    if version is None or version.number < head():
        has = version.number if version else "none"
        return Finding("version", WRONG, f"{has}, and this program needs {head()}", "run `assay upgrade`")
    if not version.is_newer:
        return Finding("version", FINE, f"{version.number}, which this program needs")
    what = f"{version.number}, made by a newer Assay than this ({head()})"
    if version.takes_this:
        return Finding("version", NOTE, f"{what}, which works on it too", "update the program")
    return Finding("version", WRONG, f"{what}, and for programs from {version.oldest_program} on", "update the program")


def _of_locks(connection: Connection) -> list[Finding]:
    faults = unlocked(connection)
    if connection.dialect.name != "postgresql":
        return []
    mend = "let ASSAY_DATABASE_URL name a role that owns nothing, and run `assay upgrade`"
    return [Finding("row-level security", WRONG, fault, mend) for fault in faults] or [
        Finding("row-level security", FINE, "it holds for the program's role")
    ]


def _used(connection: Connection) -> tuple[int, int]:
    used, most = connection.execute(
        text(
            "SELECT (SELECT coalesce(sum(numbackends), 0)::int FROM pg_stat_database), "
            "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
    ).one()
    return used, most


def _of_connections(used: int, most: int) -> Finding:
    state = WARNING if used >= most * MANY else FINE
    mend = (
        "" if state == FINE else "raise max_connections, run fewer workers, or put a pooler before it (docs/scaling.md)"
    )
    return Finding("connections of PostgreSQL", state, f"{used} of {most} in use", mend)
