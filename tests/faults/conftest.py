"""What tests of faults break: a PostgreSQL of their own."""

from collections.abc import Iterator

import pytest

from db.engine import engine
from tests.cluster import Cluster
from tests.conftest import brought_up, own_cluster


@pytest.fixture
def breakable(monkeypatch, tmp_path) -> Iterator[tuple[Cluster, str]]:
    """A cluster that may be stopped, and the name of a database in it: a warehouse at this version, as set around."""
    with own_cluster() as postgres:
        database = postgres.database()
        settings = {"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url}
        for name, value in {**settings, "ASSAY_ORIGINALS": str(tmp_path / "originals")}.items():
            monkeypatch.setenv(name, value)
        brought_up(settings)
        yield postgres, database.name
        for address in settings.values():
            engine(address).dispose()
