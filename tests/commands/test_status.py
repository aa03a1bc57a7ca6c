"""`assay status` for whoever runs an installation: how much each tenant has, and what runs out."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

import assay
from dashboard import checking
from db import rehearsed, tenants
from db.session import open_session
from db.writes import Load, publish

TENANTS = ["tenant", "departments", "results", "loads", "last_load", "last_loaded_at", "packs_waiting",
           "packs_working", "packs_failed", "sources", "sources_late", "sources_failed"]  # fmt: skip


@pytest.fixture
def two(warehouse) -> str:
    """A warehouse with two tenants, of which one has a load."""
    for code in ("ASH", "BEE"):
        tenants.add_tenant(code, f"{code} Council", "cse", [])
    with open_session(tenants.scope_of("ASH"), write=True) as session:
        publish(session, Load("somebody", None, []))
    return warehouse


def status(*words: str, code: int = 0) -> tuple[list[dict], str]:
    done = CliRunner().invoke(assay.app, ["status", *words, "--format", "json"])
    assert done.exit_code == code, done.stdout + done.stderr
    return json.loads(done.stdout), done.stderr


def certificate(path, days: float) -> str:
    """A certificate that ends in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "assay.example.org")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(400), now + timedelta(days))
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return str(path)


def test_it_says_how_much_each_tenant_has(two):
    found, said = status("--about", "tenants")
    assert [list(one) for one in found] == [TENANTS, TENANTS]
    ash, bee = found
    assert (ash["tenant"], ash["loads"], ash["last_load"], ash["results"]) == ("ASH", 1, 1, 0)
    assert ash["last_loaded_at"]
    assert (bee["loads"], bee["last_load"], bee["last_loaded_at"]) == (0, None, None)
    assert said == ""
    assert [one["tenant"] for one in status("--about", "tenants", "--tenant", "BEE")[0]] == ["BEE"]


def test_it_says_of_the_installation_its_version_readiness_and_limits(two):
    found = {one["about"]: one for one in status("--about", "installation")[0]}
    disk = "disk of the warehouse" if two == "sqlite" else "disk of the originals"
    assert {"program", "version", "warehouse", "readiness", disk} <= set(found)
    assert found["readiness"]["what"] == "ready"
    if two == "postgresql":
        assert re.fullmatch(r"\d+ of \d+ in use", found["connections of PostgreSQL"]["what"])


def test_a_limit_that_is_near_is_told_before_it_is_reached(two, monkeypatch, tmp_path):
    monkeypatch.setattr("db.soundness.LITTLE", 10**18)
    found, said = status(code=1)
    assert found == []
    assert "assay: warning: disk of the " in said
    assert "make room on the disk of " in said
    assert status("--tenant", "ASH")[1] == ""  # it is not this tenant's
    monkeypatch.setattr("db.soundness.LITTLE", 0)
    if two == "postgresql":
        monkeypatch.setattr("db.soundness.MANY", 0)
        assert "connections of PostgreSQL: " in status(code=1)[1]


def test_backups_that_nobody_rehearsed_are_warned_of(two, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSAY_BACKUPS", str(tmp_path))
    assert f"assay: wrong: backups: there is none in {tmp_path}; run `assay backup`" in status(code=1)[1]
    done = CliRunner().invoke(assay.app, ["backup", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "assay: warning: newest rehearsed backup: none was rehearsed; rehearse it with" in status(code=1)[1]
    path = Path(done.stdout.strip())
    rehearsed.leave(rehearsed.mark_of(path, datetime.now(UTC)), path)  # as `assay restore --check` ends
    assert status()[1] == ""
    told = {one["about"]: one["state"] for one in status("--about", "installation")[0]}
    assert (told["newest backup"], told["newest rehearsed backup"]) == ("fine", "fine")


@pytest.mark.parametrize(
    ("days", "state", "what"), [(200.5, "fine", "200 days left"), (12.5, "warning", "12 days"), (-2, "wrong", "ended")]
)
def test_it_says_how_long_certificates_last(monkeypatch, tmp_path, days, state, what):
    path = certificate(tmp_path / "tls.pem", days)
    monkeypatch.setenv("ASSAY_TLS_CERTIFICATE", f"{path}:{tmp_path / 'none.pem'}")
    found, lost = checking.certificates()
    assert (found.about, found.state) == (f"TLS certificate {path}", state)
    assert what in found.what
    assert lost.state == "wrong"
