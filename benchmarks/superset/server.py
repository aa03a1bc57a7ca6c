"""Superset in a virtual environment of its own: made once, then run on a database and asked for charts' data."""

import hashlib
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.asking import Answer, Line, gunicorn, run
from benchmarks.figures import seconds

HERE = Path(__file__).parent
HOME = HERE.parent.parent / ".venv-bench-superset"
PINNED = HERE.parent / "requirements-superset.txt"
_PYTHON, _METADATA, _MADE_OF = HOME / "bin" / "python", HOME / "superset-metadata.db", HOME / "made-of"
_APP, _ADMIN = "superset.app:create_app()", "admin"
_TO_INSTALL, _TO_SET_UP = 1200, 300  # seconds at most


def is_installed() -> bool:
    """Whether the virtual environment is there, whole, and made of what is pinned now."""
    return _MADE_OF.exists() and _MADE_OF.read_text() == _pinned()


def install() -> float:
    """Make the virtual environment and empty metadata, with pip alone; the seconds that took, 0 where it was there."""
    return 0.0 if is_installed() else seconds(_install)


def version() -> str:
    """The version of Superset that is pinned."""
    lines = PINNED.read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith("apache-superset=="))


def _pinned() -> str:
    return hashlib.sha256(PINNED.read_bytes()).hexdigest()


def _install() -> None:
    if HOME.exists():
        shutil.rmtree(HOME)
    run([sys.executable, "-m", "venv", HOME], {}, _TO_INSTALL)
    quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
    run([_PYTHON, "-m", "pip", "install", *quiet, "--no-deps", "-r", PINNED], {}, _TO_INSTALL)
    with tempfile.TemporaryDirectory(prefix="assay-superset-") as folder:
        metadata = Path(folder) / _METADATA.name
        environment = _environment(Path(folder), metadata)
        for words in (["db", "upgrade"], ["init"]):
            _superset(words, environment)
        shutil.copy(metadata, _METADATA)
    _MADE_OF.write_text(_pinned())


def _environment(home: Path, metadata: Path) -> dict[str, str]:
    return {
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "SUPERSET_SECRET_KEY": secrets.token_urlsafe(48),
        "PEER_METADATA": f"sqlite:///{metadata}",
        "FLASK_APP": _APP,
    }


def _superset(words: Sequence[str], environment: Mapping[str, str]) -> None:
    run([HOME / "bin" / "superset", *words], environment, _TO_SET_UP)


@dataclass(frozen=True)
class Dataset:
    """A table that Superset knows: its number there."""

    number: int


class Superset:
    """A running Superset, signed in to by its API, on one connection that is kept open."""

    def __init__(self, port: int, password: str) -> None:
        self._line = Line(port, coding="identity")  # on this machine compressing costs more than it saves
        told = {"username": _ADMIN, "password": password, "provider": "db", "refresh": False}
        token = self._line.ask("/api/v1/security/login", told).json()["access_token"]
        self._signed_in = {"Authorization": f"Bearer {token}"}

    def add_database(self, name: str, address: str) -> int:
        """Make a database known; its number."""
        return int(self._made("/api/v1/database/", {"database_name": name, "sqlalchemy_uri": address})["id"])

    def add_dataset(self, database: int, table: str) -> Dataset:
        """Make a table of a database known."""
        told = {"database": database, "schema": "public", "table_name": table}
        return Dataset(int(self._made("/api/v1/dataset/", told)["id"]))

    def chart(self, dataset: Dataset, query: Mapping[str, Any], is_forced: bool) -> Answer:
        """The data of a chart, worked out anew (`is_forced`) or from the cache where it is there."""
        told = {
            "datasource": {"id": dataset.number, "type": "table"},
            "force": is_forced,
            "queries": [query],
            "result_format": "json",
            "result_type": "full",
        }
        return self._line.ask("/api/v1/chart/data", told, **self._signed_in)

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _made(self, path: str, told: object) -> Any:
        return self._line.ask(path, told, **self._signed_in).json()


@contextmanager
def running() -> Iterator[Superset]:
    """Superset on fresh metadata in a temporary folder, until the block ends; nothing of it is left then."""
    folder = Path(tempfile.mkdtemp(prefix="assay-superset-"))
    try:
        metadata = Path(shutil.copy(_METADATA, folder / _METADATA.name))
        environment, password = _environment(folder, metadata), secrets.token_urlsafe(24)
        named = ["--username", _ADMIN, "--firstname", "A", "--lastname", "Peer", "--email", "admin@example.org"]
        _superset(["fab", "create-admin", *named, "--password", password], environment)
        with gunicorn(_PYTHON, _APP, environment, folder, folder / "log") as port:
            superset = Superset(port, password)
            yield superset
            superset.close()
    finally:
        shutil.rmtree(folder)
