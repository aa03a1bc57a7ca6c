"""Files as they were sent: their bytes, once for each content and tenant, found by their SHA-256 (reliability.md F19).

They lie in a folder beside an SQLite warehouse, or where ASSAY_ORIGINALS says: another folder, or object storage
(s3://bucket/prefix, gs://bucket/prefix, az://container/prefix). A tenant's are below its own number, so nobody shares
a file with another or could learn that another has it. The bytes are there, whole and safe on the disk, before the
transaction that tells of them ends: a crash may leave bytes of which nothing tells, and never the opposite.
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import address
from db.frames import fetched
from db.models import File, Original
from db.session import bound_tenant
from scheme.errors import UsageError, WarehouseError
from scheme.frames import Schema
from variables import declare

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

STORES = ("s3", "gs", "az")
OFF = "off"
_WRITERS, _UNDER_WAY = 8, 8 * 2**20  # files that are written at once; bytes of all that wait, one more file apart
_ASKED = 10_000  # fingerprints that are asked for at once


@dataclass(frozen=True)
class Sent:
    """A file of a load: what it is called, its fingerprint, and whether its bytes are kept."""

    name: str
    sha256: str
    is_kept: bool


def keep(session: Session, contents: Iterable[tuple[str, bytes]]) -> None:
    """Keep the bytes of files by their fingerprints for the session's tenant; nothing with ASSAY_ORIGINALS=off.

    What is kept already stays as it is. WarehouseError where they cannot be written; UsageError where nobody said
    where. Contents are taken one after another, and several small ones wait for the disk or the network at once.
    """
    sizes = _put_down(session, contents)
    names = list(sizes)
    for n in range(0, len(names), _ASKED):
        there = kept(session, names[n : n + _ASKED])
        now = datetime.now(UTC)
        new = [name for name in names[n : n + _ASKED] if name not in there]
        session.add_all(Original(sha256=name, byte_count=sizes[name], kept_at=now) for name in new)
    session.flush()


def put_back(session: Session, contents: Iterable[tuple[str, bytes]]) -> int:
    """Put the bytes of files back for the session's tenant, of which the warehouse tells already; says how many."""
    return len(_put_down(session, contents))


def _put_down(session: Session, contents: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    """Write the bytes of files where originals are kept, safe on the disk at the end; their sizes by fingerprint."""
    where = place()
    sizes: dict[str, int] = {}
    listing: set[Path] = set()
    with ThreadPoolExecutor(_WRITERS, "keeping originals") as pool:
        under_way: list[Future[None]] = []
        size = 0
        for sha256, data in contents:
            if hashlib.sha256(data).hexdigest() != sha256:
                raise AssertionError("these bytes are another file's")
            if where == OFF:
                continue
            path = _path(session, sha256)
            if "://" in where:
                under_way.append(pool.submit(_put, where, path, data))
            else:
                under_way.append(pool.submit(_write, Path(where), path, data, listing))
            sizes[sha256] = len(data)
            size += len(data)
            if size > _UNDER_WAY:
                _wait_for(under_way)
                size = 0
        _wait_for(under_way)
    with _told_of(where):
        for folder in listing:
            safe(folder)
    return sizes


def _wait_for(under_way: list[Future[None]]) -> None:
    """Wait until all is written; what went wrong with the first that could not be is raised."""
    for written in under_way:
        written.result()
    under_way.clear()


def opened(session: Session, sha256: str) -> bytes | None:
    """The bytes of a file that the session's tenant sent, None where they are not kept.

    WarehouseError where they are lost, out of reach, or no longer what was sent.
    """
    if sha256 not in kept(session, [sha256]):
        return None
    where, path = place(), _path(session, sha256)
    if where == OFF:
        raise WarehouseError("ASSAY_ORIGINALS is off; name the place where originals were kept")
    try:
        data = _fetch(where, path) if "://" in where else (Path(where) / path).read_bytes()
    except OSError as error:
        raise WarehouseError(
            f"the original cannot be read in {_named(where)} ({error.strerror}); restore it from a backup"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WarehouseError(f"the original in {_named(where)} was changed after it was kept; restore it from a backup")
    return data


def kept(session: Session, fingerprints: Collection[str]) -> set[str]:
    """Those of these fingerprints of which the tenant's originals are kept."""
    return set(session.scalars(select(Original.sha256).where(Original.sha256.in_(list(fingerprints)))))


def sent(session: Session, load: int, file_number: int) -> Sent | None:
    """A file of a load by its place in it (from 1, once for each sheet and table); None where there is none."""
    row = session.scalars(select(File).where(File.load_number == load, File.file_number == file_number)).one_or_none()
    return None if row is None else Sent(row.file, row.sha256, row.sha256 in kept(session, [row.sha256]))


def named(session: Session, load: int, name: str) -> Sent | None:
    """The first file of that name of a load; None where there is none."""
    asked = select(File.file_number).where(File.load_number == load, File.file == name).order_by(File.file_number)
    number = session.scalars(asked.limit(1)).first()
    return None if number is None else sent(session, load, number)


def files(session: Session, loads: Collection[int]) -> pl.DataFrame:
    """The files of some loads: load, file_number, file, sheet, sha256, is_kept (as they were sent); in order."""
    schema: Schema = {"load": pl.Int64, "file_number": pl.Int64}
    schema = {**schema, **dict.fromkeys(("file", "sheet", "sha256"), pl.String)}
    asked = select(File.load_number, File.file_number, File.file, File.sheet, File.sha256)
    asked = asked.where(File.load_number.in_(list(loads))).order_by(File.load_number, File.file_number)
    rows = fetched(session, asked, schema)
    there = kept(session, rows["sha256"].unique().to_list())
    return rows.with_columns(is_kept=pl.col("sha256").is_in(sorted(there)))


def _storage(said: str) -> str:
    scheme, colon, _ = said.partition("://")
    if colon and scheme not in STORES:
        raise UsageError("ASSAY_ORIGINALS is a folder, s3://..., gs://..., az://... or off")
    return said


ORIGINALS = declare(
    "ASSAY_ORIGINALS",
    "where files are kept as they were sent, below: a folder, `s3://bucket/prefix`, `gs://bucket/prefix`, "
    "`az://container/prefix`, or `off`",
    "`assay-originals` beside an SQLite file `assay.db`; on PostgreSQL nothing can be loaded until it is set",
    _storage,
)


def forget_tenant(tenant_id: int) -> int:
    """Remove every original of a tenant that is no more (db.removal); how many there were.

    WarehouseError where they cannot be removed, or nobody says any more where they lie.
    """
    where = place()
    if where == OFF:
        return 0
    if "://" in where:
        return _drop(where, f"{tenant_id}/")
    folder = Path(where) / str(tenant_id)
    count = sum(path.is_file() for path in folder.rglob("*"))
    try:
        if folder.exists():
            shutil.rmtree(folder)
            safe(folder.parent)
    except OSError as error:
        raise WarehouseError(
            f"the tenant is removed, but its originals in {folder} are not ({error.strerror}); mend that and give the "
            "same command again"
        ) from error
    return count


def place() -> str:
    """Where originals are kept: a folder, the address of an object storage, or "off".

    UsageError where the setting makes no sense, or is missing with a warehouse that lies in no folder.
    """
    said = ORIGINALS.read()
    if said:
        return OFF if said.lower() == OFF else said
    url = address()
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UsageError(
            "nobody said where the files that are sent are kept: set ASSAY_ORIGINALS to a folder, to object storage "
            "(s3://bucket/prefix, gs://..., az://...), or to off to keep none"
        )
    beside = Path(url.database)
    return str(beside.with_name(f"{beside.stem}-originals"))


def try_to_keep() -> None:
    """Find out whether something could be kept now: UsageError or WarehouseError, with what to do, where not.

    A folder that is not there is not made; into object storage goes one small object that says what it is.
    """
    where = place()
    if where == OFF:
        return
    if "://" in where:
        _put(where, "assay-config-check", b"written by `assay config check`; nothing depends on it\n")
        return
    folder = Path(where).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    with _told_of(where):
        tried = there / f".{secrets.token_hex(8)}.tmp"
        os.close(os.open(tried, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        tried.unlink()


def holds(path: Path) -> bool:
    """Whether a path lies in the folder in which originals are kept; nothing in there is sent by anybody."""
    with suppress(UsageError):
        where = place()
        return where != OFF and "://" not in where and path.resolve().is_relative_to(Path(where).resolve())
    return False


def _path(session: Session, sha256: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise AssertionError("a fingerprint is 64 hexadecimal digits")
    return f"{bound_tenant(session)}/{sha256[:2]}/{sha256}"


def _named(where: str) -> str:
    return where.partition("?")[0]


# --- in a folder ------------------------------------------------------------------------------------------------------


def _write(root: Path, path: str, data: bytes, listing: set[Path]) -> None:
    """Put a file where it belongs; `listing`: folders that list something new, to be made safe before all is told."""
    target = root / path
    passing = target.with_name(f".{secrets.token_hex(8)}.tmp")
    with _told_of(str(root)):
        try:
            if target.exists() and target.read_bytes() == data:
                return
            if not target.parent.exists():
                for folder in (root, target.parent.parent, target.parent):
                    if not folder.exists():
                        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                        listing.add(folder.parent)
            with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            passing.replace(target)
            listing.add(target.parent)
        except OSError:
            with suppress(OSError):
                passing.unlink()
            raise


@contextmanager
def _told_of(where: str) -> Iterator[None]:
    """Say what to do where the folder of originals cannot be written."""
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"the files that are sent cannot be kept in {where} ({error.strerror}); nothing was saved, make room or "
            "mend ASSAY_ORIGINALS and try again"
        ) from error


def safe(folder: Path) -> None:
    """Let what a folder lists outlive a loss of power."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


# --- in object storage ------------------------------------------------------------------------------------------------


def _put(where: str, path: str, data: bytes) -> None:
    import obstore
    from obstore.exceptions import BaseError

    try:
        obstore.put(_store(where), path, data)
    except (BaseError, OSError) as error:  # what is not there is an OSError
        raise _out_of_reach(where, error) from error


def _fetch(where: str, path: str) -> bytes:
    import obstore
    from obstore.exceptions import BaseError

    try:
        return bytes(obstore.get(_store(where), path).bytes())
    except (BaseError, OSError) as error:  # what is not there is an OSError
        raise _out_of_reach(where, error) from error


def _drop(where: str, below: str) -> int:
    import obstore
    from obstore.exceptions import BaseError

    try:
        paths = [each["path"] for part in obstore.list(_store(where), prefix=below) for each in part]
        if paths:
            obstore.delete(_store(where), paths)
    except (BaseError, OSError) as error:
        raise WarehouseError(
            f"the tenant is removed, but its originals in {_named(where)} below {below} are out of reach "
            f"({type(error).__name__}); give the same command again"
        ) from error
    return len(paths)


@cache
def _store(where: str) -> Any:
    """The storage at an address; who may use it is said in its maker's own environment variables."""
    from obstore.store import from_url

    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"  # storage on this machine, without TLS
    patience: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}
    limits: ClientConfig = {"connect_timeout": "10s", "timeout": "120s", "allow_http": plain}
    return from_url(where, client_options=limits, retry_config=patience)


def _out_of_reach(where: str, error: Exception) -> WarehouseError:
    # Its own words may hold addresses with signatures.
    return WarehouseError(
        f"the originals in {_named(where)} are out of reach ({type(error).__name__}); nothing was saved, look at "
        "ASSAY_ORIGINALS and at who may write there, and try again"
    )
