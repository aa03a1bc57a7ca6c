"""A warehouse of either kind, with tenants."""

from collections.abc import Iterator

import pytest

from db.engine import engine
from db.session import Scope
from db.tenants import add_tenant, scope_of
from db.upgrade import upgrade


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def warehouse(request, tmp_path, monkeypatch) -> Iterator[str]:
    """An empty warehouse at this version, on SQLite and on PostgreSQL; gives which of them."""
    if request.param == "sqlite":
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path}/assay.db")
        monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
        addresses = [f"sqlite:///{tmp_path}/assay.db"]
    else:
        database = request.getfixturevalue("postgres_database")
        monkeypatch.setenv("ASSAY_DATABASE_URL", database.url)
        monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", database.owner_url)
        addresses = [database.url, database.owner_url]
    upgrade()
    yield request.param
    for address in addresses:
        engine(address).dispose()


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def other(warehouse) -> Scope:
    """Another tenant of that warehouse."""
    add_tenant("BEC", "Beckford Housing Group")
    return scope_of("BEC")
