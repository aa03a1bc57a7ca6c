"""The alarm for backups: real ones, marked as `assay restore --check` marks them, seen on days to come (W2)."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import backup, rehearsed
from db.rehearsed import OLD, findings, leave, mark_of, newest
from db.soundness import FINE, NOTE, WARNING, WRONG

NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def folder(empty_warehouse, tmp_path, monkeypatch) -> Path:
    """Where this installation's backups are."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{shutil.copy(empty_warehouse('sqlite'), tmp_path)}")
    monkeypatch.setenv("ASSAY_BACKUPS", str(tmp_path / "backups"))
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def states(now: datetime = NOW) -> list[tuple[str, str]]:
    return [(one.about, one.state) for one in findings(now)]


def rehearsed_now(path: Path) -> Path:
    leave(mark_of(path, NOW), path)
    return path


def moment(path: Path) -> datetime:
    return datetime.strptime(path.name[6:24], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)


def test_a_backup_that_was_rehearsed_is_enough_for_a_day_and_no_longer(folder):
    path = backup.backup(folder).path
    assert states() == [("newest backup", FINE), ("newest rehearsed backup", WARNING)]
    rehearsed_now(path)
    made_at = moment(path)
    assert states(made_at + OLD) == [("newest backup", FINE), ("newest rehearsed backup", FINE)]
    assert states(made_at + OLD + SECOND) == [("newest backup", WARNING), ("newest rehearsed backup", WARNING)]
    assert newest(NOW) == {"made": made_at, "rehearsed": made_at}
    path.rename(path.with_name(path.name.replace(".zip", ".zip.age")))  # closed, and so another that nobody tried
    assert states() == [("newest backup", FINE), ("newest rehearsed backup", WARNING)]


def test_a_newer_backup_that_nobody_rehearsed_does_not_quiet_the_alarm(folder):
    old = rehearsed_now(backup.backup(folder).path)
    older = old.with_name("assay-2026-01-05T021500Z.zip")
    old.rename(older)
    old.with_name(f"{old.name}.rehearsed").unlink()
    rehearsed_now(older)
    backup.backup(folder)
    assert states() == [("newest backup", FINE), ("newest rehearsed backup", WARNING)]
    assert "2026-01-05 02:15 UTC" in findings(NOW)[1].what


def test_a_mark_that_does_not_fit_its_file_is_told_and_counts_for_nothing(folder):
    path = rehearsed_now(backup.backup(folder).path)
    data, made = path.read_bytes(), path.stat()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(made.st_atime_ns, made.st_mtime_ns + 1))
    assert states()[1:] == [("newest rehearsed backup", WARNING), (f"backup {path.name}", WRONG)]
    path.write_bytes(data)  # the same bytes, copied there at another time
    assert states()[1:] == [("newest rehearsed backup", FINE)]
    for said in ("", "[]", '{"backup": "another"}'):
        path.with_name(f"{path.name}.rehearsed").write_text(said, "utf-8")
        assert states()[2:] == [(f"backup {path.name}", WRONG)]


def test_none_at_all_and_a_folder_that_is_not_there_are_wrong_and_no_setting_is_a_note(folder, monkeypatch):
    assert states() == [("backups", WRONG)]
    (folder / "assay-ASH-2026-11-23T020000Z.zip").touch()  # of one organisation alone
    (folder / "assay-2999-01-01T000000Z.zip").touch()
    assert states() == [("backups", WRONG)]
    assert newest(NOW) == {}
    monkeypatch.setenv("ASSAY_BACKUPS", str(folder / "none"))
    assert states() == [("backups", WRONG)]
    assert newest(NOW) == {}
    monkeypatch.delenv("ASSAY_BACKUPS")
    assert states() == [("backups", NOTE)]


def test_a_mark_says_nothing_but_which_file_and_when(folder):
    path = rehearsed_now(backup.backup(folder).path)
    place = path.with_name(f"{path.name}.rehearsed")
    assert set(rehearsed.json.loads(place.read_text("utf-8"))) == {
        "backup", "size", "changed_ns", "sha256", "rehearsed_at",
    }  # fmt: skip
    assert place.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in folder.iterdir()] in ([path.name, place.name], [place.name, path.name])


@given(hours=st.integers(0, 24 * 400))
def test_an_age_is_a_warning_exactly_when_it_is_over_a_day(hours):
    found = rehearsed._aged("it", NOW - timedelta(hours=hours), NOW, "do something")
    assert (found.state == WARNING) == (hours > 24)
    assert (found.mend == "") == (found.state == FINE)
