"""The rehearsal of a restore, green and red: each time a process of its own restores, asks, signs in and looks (W2)."""

import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pyrage
import pytest
from typer.testing import CliRunner

from assay import app
from dashboard import rehearsal
from dashboard.rehearsal import rehearse
from db import backup, restored
from db.engine import engine
from db.identities import User
from db.people import add_user
from db.secret import box
from db.session import open_platform
from scheme.errors import BackupInvalid
from tests.dashboard.small_programme import programme

KEYS = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def warehouse_path(empty_warehouse, tmp_path_factory) -> Path:
    """A warehouse with two programmes, and somebody with a second factor."""
    path = Path(shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("rehearsed") / "assay.db"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        programme("ASH")
        programme("BEC")
        add_user("operator@example.org", "operator")
        with open_platform(write=True) as session:
            session.query(User).one().totp_secret = box().encrypt(b"of a second factor").decode()
        engine().dispose()
    return path


@pytest.fixture
def there(warehouse_path, tmp_path, monkeypatch):
    """A function: a backup of that warehouse after a statement run past the program, which no lock stopped."""

    def made(*statements: str, recipient: str | None = None) -> Path:
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{warehouse_path}")
        copy = tmp_path / "changed.db"
        plain, changed = sqlite3.connect(warehouse_path), sqlite3.connect(copy)
        plain.backup(changed)
        for statement in statements:
            changed.execute(statement)
        changed.commit()
        for each in (plain, changed):
            each.close()
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{copy}")
        monkeypatch.setenv("ASSAY_ORIGINALS", str(warehouse_path.with_name("assay-originals")))
        return backup.backup(tmp_path / "backup.zip", recipient=recipient).path

    return made


def test_a_backup_that_is_sound_is_worked_with_and_nothing_is_left_of_it(there, tmp_path):
    path = there(recipient=str(KEYS.to_public()))
    key = tmp_path / "backup.key"
    key.write_text(str(KEYS))
    before = sorted(tmp_path.iterdir())
    done = CliRunner().invoke(app, ["restore", str(path), "--check", "--key", str(key)])
    assert done.exit_code == 0, (done.output, done.exception)
    lines = [re.sub(r"^ *\d+\.\d\d s  ", "", line) for line in done.stdout.splitlines()]
    assert re.match(r"restored .* into version \d{4}", lines[0])
    assert lines[1:] == [
        "the file and its foreign keys hold together",
        lines[2],
        "every row is of an organisation of the backup, and out of reach of all others",
        "the audit logs hold together",
        "all 10 files are as they were sent",
        "second factors open with ASSAY_SECRET",
        "somebody signed in",
        "the heatmap of ASH opened with 4 rows",
        "the heatmap of BEC opened with 4 rows",
        "marked beside it as rehearsed",
        "in all: this backup can be restored",
    ]
    assert re.fullmatch(r"all [\d,]+ rows are those that were backed up", lines[2])
    mark = path.with_name("backup.zip.rehearsed")
    assert sorted(tmp_path.iterdir()) == sorted([*before, mark])
    assert json.loads(mark.read_text("utf-8"))["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_where_no_mark_can_be_left_it_is_said_and_the_rehearsal_holds(there):
    path = there()
    path.with_name("backup.zip.rehearsed").mkdir()
    said = rehearsal._marked(path, rehearsal._mark_of(path)).what
    assert said == "no mark could be left beside it (IsADirectoryError): `assay status` will not know"


def test_a_heatmap_that_does_not_open_is_red(there):
    path = there("UPDATE tenants SET standard_code = 'gone' WHERE code = 'BEC'")
    with pytest.raises(BackupInvalid, match="the heatmap of BEC does not open in what was restored"):
        rehearse(path)
    assert not path.with_name("backup.zip.rehearsed").exists()


def test_a_damaged_backup_is_red_in_one_line(there):
    path = there()
    with zipfile.ZipFile(path) as unpacked:
        told = next(each for each in unpacked.infolist() if "/results-" in each.filename)
    data, spot = path.read_bytes(), told.header_offset + 30 + len(told.filename) + told.compress_size // 2
    path.write_bytes(data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :])
    with pytest.raises(BackupInvalid, match=r"damaged|not whole"):
        rehearse(path)


SOUND = {
    "DROP TRIGGER audit_entries_no_update; UPDATE audit_entries SET detail = '' WHERE entry_number = 2": (
        "the audit log of ASH: entry 2 was changed; the audit log of BEC: entry 2 was changed"
    ),
    "UPDATE users SET totp_secret = 'closed with another'": "1 of 1 second factors do not open",
    "DROP TRIGGER platform_audit_no_delete": "the trigger platform_audit_no_delete is missing",
    "DELETE FROM loads WHERE tenant_id = 2": "refers to one of loads that is not there",
    "UPDATE results SET band = 'partial' WHERE tenant_id = 1": "tenant ASH: results has other rows",
    "DELETE FROM sites WHERE tenant_id = 2": "tenant BEC: sites has 0 rows instead of 2",
    "UPDATE departments SET tenant_id = 9 WHERE tenant_id = 2": "departments has rows of an organisation that is not",
    "DELETE FROM originals": "the warehouse does not tell of the file",
}


def test_whatever_is_not_sound_in_a_copy_is_said(there, empty_warehouse, tmp_path, monkeypatch):
    path = there()
    copy = Path(shutil.copy(empty_warehouse("sqlite"), tmp_path / "restored.db"))
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{copy}")
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "restored-originals"))
    backup.restore(path)
    with backup.opened(path) as found:

        def wrong() -> str:
            return "; ".join(fault for _, faults in restored.checks(found, True) for fault in faults)

        assert wrong() == ""
        engine().dispose()
        whole = copy.read_bytes()
        for statement, words in SOUND.items():
            plain = sqlite3.connect(copy)
            plain.executescript(statement)
            plain.commit()
            plain.close()
            assert words in wrong(), statement
            engine().dispose()
            copy.write_bytes(whole)
        for kept in (tmp_path / "restored-originals").rglob("*"):
            if kept.is_file():
                kept.write_bytes(b"another")
                break
        assert "was changed after it was kept" in wrong()
