"""Backups closed for a recipient by age, in pieces: neither side ever holds a whole one in memory.

Whoever makes a backup needs the recipient's public key alone (age1...) and cannot open what they made. The key that
opens it is a file as `age-keygen` writes it. Nothing is written that others on the machine may read.
"""

import os
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from db.originals import safe
from scheme.errors import BackupInvalid, UsageError, WarehouseError

_HEAD = b"age-encryption.org/"


@contextmanager
def written(path: Path, recipient: str | None = None) -> Iterator[IO[bytes]]:
    """A file to write into, closed for a recipient where one is named; there under its name when all of it is.

    Only its owner may read it. It cannot be wound back. UsageError for a recipient that is none, or where there is
    something of that name already; WarehouseError where it cannot be written.
    """
    key = None if recipient is None else _recipient(recipient)
    if path.exists():
        raise UsageError(
            f"{path} is there already; a backup never takes the place of another, give it a name of its own"
        )
    passing = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            number = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "wb") as file:
                if key is None:
                    yield file
                else:
                    with _closing(file, key) as plain:
                        yield plain
                file.flush()
                os.fsync(file.fileno())
            passing.rename(path)
            safe(path.parent)
        except OSError as error:
            raise WarehouseError(f"the backup cannot be written to {path} ({error.strerror or error})") from error
    except BaseException:
        with suppress(OSError):
            passing.unlink()
        raise


@contextmanager
def _closing(file: IO[bytes], key: Any) -> Iterator[IO[bytes]]:
    """What is written here reaches the file closed: age asks for what it reads, so it reads from a pipe in a thread."""
    import pyrage

    here, there = os.pipe()
    faults: list[Exception] = []

    def close() -> None:
        try:
            with os.fdopen(here, "rb") as plain:
                pyrage.encrypt_io(plain, file, [key])
        except Exception as error:
            faults.append(error)

    at_work = threading.Thread(target=close, name="closing a backup")
    at_work.start()
    try:
        with os.fdopen(there, "wb") as plain:
            yield plain
    except BrokenPipeError:
        at_work.join()
        if not faults:
            raise
    finally:
        at_work.join()
    if faults:
        raise OSError(None, str(faults[0])) from faults[0]


@contextmanager
def plain(path: Path, key: Path | None = None) -> Iterator[Path]:
    """The file of an archive that can be read, opened with a key into a folder of our own where it is closed.

    UsageError where a key is missing or superfluous, or is none; BackupInvalid where it does not fit.
    """
    try:
        with path.open("rb") as file:
            is_closed = file.read(len(_HEAD)) == _HEAD
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    if not is_closed:
        if key is not None:
            raise UsageError(f"{path} is not closed; leave --key out, and ask who made it why it is not")
        yield path
        return
    if key is None:
        raise UsageError(f"{path} is closed; say where the key is that opens it: --key FILE")
    import pyrage

    identities = _identities(key)
    with tempfile.TemporaryDirectory(prefix="assay-backup-") as folder:
        opened = Path(folder) / "backup.zip"
        number = os.open(opened, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with path.open("rb") as file, os.fdopen(number, "wb") as out:
                pyrage.decrypt_io(file, out, identities)
        except pyrage.DecryptError as error:
            if "key" in str(error).lower():
                raise BackupInvalid(f"the key in {key} does not open {path.name}") from error
            raise BackupInvalid(f"{path.name} is damaged or cut short; take another one") from error
        except OSError as error:
            if error.errno is None:  # age's own, when a piece is not what was written
                raise BackupInvalid(f"{path.name} is damaged or cut short; take another one") from error
            raise WarehouseError(f"{path.name} cannot be opened in {folder} ({error.strerror})") from error
        yield opened


def _recipient(text: str) -> Any:
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise UsageError(
            f"--to {text[:80]}: no recipient; it begins with age1, as `age-keygen` printed it ({error})"
        ) from error


def _identities(key: Path) -> list[Any]:
    import pyrage

    try:
        lines = [line.strip() for line in key.read_text("utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        # Never the line itself: it is a secret.
        raise UsageError(f"{key}: holds no key as `age-keygen` writes it ({type(error).__name__})") from error
    if not found:
        raise UsageError(f"{key}: holds no key as `age-keygen` writes it")
    return found
