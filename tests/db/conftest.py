"""Two tenants of a warehouse of either kind; new warehouses, and one with something in every table."""

import shutil

import pyrage
import pytest

from db import backup
from db.session import Scope
from db.tenants import add_tenant, scope_of
from tests.db.backed_up import KINDS, Full, at, filled
from tests.noninterference.worlds import World


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def other(warehouse, scope) -> Scope:
    """Another tenant of that warehouse."""
    add_tenant("BEC", "Beckford Housing Group")
    return scope_of("BEC")


@pytest.fixture(scope="module")
def new(request, empty_warehouse, tmp_path_factory):
    """A function: an empty warehouse of a kind, at this version, or with no tables at all (`bare`)."""
    made = []

    def make(kind: str, bare: bool = False) -> World:
        name = f"{kind}{len(made)}"
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("made") / "assay.db"
            if not bare:
                shutil.copy(empty_warehouse(kind), path)
            made.append(None)
            return World(kind, name, f"sqlite:///{path}")
        cluster = request.getfixturevalue("postgres")
        database = cluster.database() if bare else cluster.database(template=empty_warehouse(kind))
        made.append(database)
        return World(kind, name, database.url, database.owner_url, cluster.url("postgres", database.name))

    yield make
    for database in filter(None, made):
        request.getfixturevalue("postgres").drop(database)


@pytest.fixture(scope="module", params=KINDS)
def full(request, new, tmp_path_factory) -> Full:
    """Made once for each kind: nothing changes it."""
    folder = tmp_path_factory.mktemp("full")
    identity = pyrage.x25519.Identity.generate()
    key = folder / "backup.key"
    key.write_text(f"# made for a test\n{identity}\n")
    with at(new(request.param), folder) as world:
        once = filled(world)
        alone = backup.backup(folder / "alone.zip", "ash").path
        whole = backup.backup(folder / "whole.zip").path
        closed = backup.backup(folder / "closed.zip.age", recipient=str(identity.to_public())).path
    return Full(world, folder, whole, alone, closed, key, once)
