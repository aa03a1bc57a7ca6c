"""A backup of one tenant alone: it carries nothing of another, and comes back with its people (reliability.md T16)."""

import zipfile

import polars as pl
import pytest
from sqlalchemy import select

from db import archive, audit, backup
from db.identities import User
from db.session import open_platform
from db.sessions import sign_in
from db.tenants import scope_of, tenants
from scheme.errors import UsageError
from tests.db.backed_up import at, said, summed
from tests.noninterference import canaries


def test_one_tenant_alone_carries_nothing_of_another(full):
    found = []
    with zipfile.ZipFile(full.alone) as unpacked:
        for name in unpacked.namelist():
            data = unpacked.read(name)
            text = data.decode("latin-1") + name
            if name.endswith(".parquet"):
                text += repr(pl.read_parquet(data).rows())
            found += [(name, word) for word in canaries.found(text)]
            assert "'BEC'" not in text, name
        assert b'"BEC"' not in unpacked.read(archive.MANIFEST)
    assert found == []
    # The scan would notice: it finds them in the backup of everything.
    with zipfile.ZipFile(full.whole) as unpacked:
        everything = b"".join(unpacked.read(name) for name in unpacked.namelist() if "/results-" in name)
        frames = [pl.read_parquet(unpacked.read(n)) for n in unpacked.namelist() if "/results-" in n]
    assert everything
    assert canaries.found(repr([frame.rows() for frame in frames]))


def test_one_tenant_alone_is_restored_with_its_people_and_nobody_else_s_secrets(full, new, tmp_path):
    told = said(full.alone)
    whole = summed(said(full.whole))
    mine = {key: rows for key, rows in summed(told).items() if key[0] == "ASH"}
    assert mine == {key: rows for key, rows in whole.items() if key[0] == "ASH"}
    with at(new("sqlite"), tmp_path):
        backup.restore(full.alone)
        assert tenants()["code"].to_list() == ["ASH"]
        with open_platform() as session:
            people = {user.email: user.password_hash for user in session.scalars(select(User))}
        assert people.pop("operator@example.org") is None  # known by name, because of a visit
        assert set(people) == {"lead@ash.example", "both@example.org"}
        assert all(people.values())
        assert sign_in("lead@ash.example", full.once)
        assert audit.verify(scope_of("ASH")) is None
        assert audit.verify(None) is None


def test_a_tenant_that_is_not_there_leaves_no_file(full, tmp_path):
    with at(full.world, full.folder), pytest.raises(UsageError, match="no tenant 'NONE'"):
        backup.backup(tmp_path / "a.zip", "NONE")
    assert list(tmp_path.iterdir()) == []
