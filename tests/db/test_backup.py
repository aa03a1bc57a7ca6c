"""Backup and restore, on both databases and between them (reliability.md W2)."""

import hashlib
import io
import json
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyrage
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from assay import app
from db import archive, audit, backup, originals, sealed, taken_out
from db.archive import Archive, Sum, Writer
from db.identities import Grant, User
from db.models import METADATA, Tenant
from db.people import add_user
from db.session import open_platform, open_session
from db.sessions import sign_in
from db.tenants import add_tenant, scope_of, tenants
from db.upgrade import require_current, upgrade
from db.version import head
from scheme.errors import BackupInvalid, UsageError, WarehouseError
from tests.db.backed_up import CANARY, KINDS, NOW, SENT, at, read_whole, rows_in, said, summed
from tests.db.made import a_load, put, results
from tests.dying import DYING, to_die_before

# The file is the same thing whatever it was made on.
OF_ONE_KIND = pytest.mark.parametrize("full", ["sqlite"], indirect=True)


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_every_table_of_the_models_is_backed_up_or_left_out_for_a_reason():
    named = {table.name for table in taken_out.tables()}
    assert named | set(taken_out.LEFT_OUT) == set(METADATA.tables)
    assert not named & set(taken_out.LEFT_OUT)
    for table in taken_out.tables():
        assert [name for name, _ in archive.columns_of(table)] == table.c.keys()


def test_every_row_of_every_table_is_in_it(full):
    counted = {name: len(rows) for name, rows in full.world.tables().items()}
    assert all(counted.values()), [name for name, count in counted.items() if not count]
    held = dict.fromkeys(counted, 0)
    for (_, name), (count, _) in summed(said(full.whole)).items():
        held[name] += count
    for name in {*taken_out.LEFT_OUT, "platform_audit"}:
        del held[name], counted[name]
    assert held == counted
    told = said(full.whole)
    assert (told.schema, told.database, told.only, told.lost) == (head(), full.world.kind, None, ())
    assert [tenant.code for tenant in told.tenants] == ["ASH", "BEC", CANARY + "-0"]
    assert told.files == 2


@OF_ONE_KIND
def test_only_its_owner_may_read_it_and_it_never_takes_the_place_of_another(full, tmp_path):
    for path in (full.whole, full.alone, full.closed):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with at(full.world, full.folder):
        before = full.whole.read_bytes()
        with pytest.raises(UsageError, match="is there already"):
            backup.backup(full.whole)
        assert full.whole.read_bytes() == before
        with pytest.raises(UsageError, match="begins with age1"):
            backup.backup(tmp_path / "a.zip", recipient="age1nobody")
        with pytest.raises(WarehouseError, match="cannot be written"):
            backup.backup(tmp_path / "none" / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_lost_is_named_and_all_else_is_in_it(full, tmp_path):
    with at(full.world, full.folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_ORIGINALS", str(tmp_path / "elsewhere"))
        done = CliRunner().invoke(app, ["backup", str(tmp_path)])
    assert done.exit_code == 3, done.stderr
    assert "could not be read and is missing in it" in done.stderr
    told = said(Path(done.stdout.strip()))
    assert sorted(line.split()[0] for line in told.lost)[:2] == ["ASH", "BEC"]
    assert summed(told) == summed(said(full.whole))


def test_taking_everything_away_stands_in_the_log_and_in_the_backup(full):
    with at(full.world, full.folder):
        actions = audit.entries(None)["action"].to_list()
        assert actions.count("began a backup") >= 3
        assert audit.entries(scope_of("ASH"))["action"][0] == "began a backup"
    with archive.opened(full.whole) as found:
        (log,) = found.rows("platform_audit", found.manifest.platform["platform_audit"])
    assert log["action"][-1] == "began a backup"


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", KINDS)
def test_what_comes_back_is_what_went_in_whichever_database_it_comes_to(full, new, target, tmp_path):
    before = rows_in(full.world)
    with at(new(target), tmp_path) as world:
        backup.restore(full.whole)
        require_current()
        with backup.opened(full.whole) as found:
            assert backup.differences(found) == []
        after = rows_in(world)
        # Made before the last entries of the source's own log, and told in that of the copy.
        logs = {"platform_audit", "audit_entries"}
        assert {n: r for n, r in after.items() if n not in logs} == {n: r for n, r in before.items() if n not in logs}
        assert [fault for _, fault in audit.chains([scope_of("ASH"), scope_of("BEC")]) if fault] == []
        assert audit.entries(None)["action"][0] == "restored a backup"
        again = said(backup.backup(tmp_path / "again.zip").path)
        assert summed(again) == summed(said(full.whole))
        for code in ("ASH", "BEC"):
            with open_session(scope_of(code)) as session:
                sent = SENT + code.encode()
                assert originals.opened(session, hashlib.sha256(sent).hexdigest()) == sent
        # New rows get numbers behind all that there were, and loads go on.
        with open_platform() as session:
            highest = max(session.scalars(select(User.id)))
        add_user("new@example.org", "operator")
        with open_platform() as session:
            assert session.scalars(select(User.id).where(User.email == "new@example.org")).one() > highest
            assert session.scalars(select(Grant.id).order_by(Grant.id.desc())).first() > 7_000_007
        put(scope_of("ASH"), a_load({"results": results(("HOU", "1.1.3", "compliant"))}))
        assert sign_in("lead@ash.example", full.once)


def test_values_keep_their_kind_and_every_bit(new, tmp_path):
    columns = tuple((f"{kind}_{n}", kind) for kind in archive.KINDS for n in (1, 2, 3))
    row = (
        *("", None, 'a "quoted"\r\n, \\N \u2028 😀 \x7f'),
        *(0, None, -(2**31)),
        *(0.1 + 0.2, None, 5e-324),
        *(False, None, True),
        *(date.min, None, date(9999, 12, 31)),
        *(datetime(1, 1, 1, tzinfo=UTC), None, datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC)),
        *(b"", None, bytes(range(256))),
    )
    out = io.BytesIO()
    writer = Writer(out)
    told = writer.put_rows("platform", "kinds", columns, [[row], [row, row]])
    manifest = archive.Manifest("1", head(), "sqlite", "now", None, {"kinds": columns}, {"kinds": told}, ())
    writer.finish(manifest)
    found = Archive(zipfile.ZipFile(out))
    frames = list(found.rows("kinds", told))
    back = [each for frame in frames for each in frame.rows()]
    assert back == [row] * 3
    assert [[type(value) for value in each] for each in back] == [[type(value) for value in row]] * 3
    total = Sum()
    total.add(back)
    assert (total.rows, total.sha256) == (3, told.sha256)
    changed = [tuple(None if value == "" else value for value in row), row, row]
    other = Sum()
    other.add(changed)
    assert other.sha256 != told.sha256


@OF_ONE_KIND
@pytest.mark.parametrize("target", KINDS[1:])
def test_a_backup_of_an_earlier_version_is_loaded_as_such_and_then_brought_to_this_one(full, new, target, tmp_path):
    earlier = _changed(full.whole, tmp_path / "earlier.zip", lambda told: told.update(schema="0011"))
    with at(new(target), tmp_path), pytest.raises(UsageError, match="on which `assay upgrade` was not run"):
        backup.restore(earlier)
    with at(new(target, bare=True), tmp_path):
        backup.restore(earlier)
        require_current()
        with backup.opened(earlier) as found:
            assert backup.differences(found) == []


@OF_ONE_KIND
@pytest.mark.parametrize(
    ("change", "words"),
    [({"schema": "9999"}, "of version 9999, made by a newer Assay"), ({"format": 2}, "of format 2, made by a newer")],
)
def test_a_backup_of_a_newer_program_is_left_alone(full, new, tmp_path, change, words):
    newer = _changed(full.whole, tmp_path / "newer.zip", lambda told: told.update(change))
    with at(new("sqlite"), tmp_path), pytest.raises(BackupInvalid, match=words):
        backup.restore(newer)


# --- while it is in use -----------------------------------------------------------------------------------------------


def test_it_is_one_moment_and_keeps_no_writer_waiting(warehouse, tmp_path, monkeypatch):
    add_tenant("ASH", "Ashcombe")
    scope = scope_of("ASH")
    put(scope, a_load({"results": results(("HOU", "1.1.1", "compliant"))}))
    with backup._moment() as session:
        assert len(session.scalars(select(Tenant)).all()) == 1
        put(scope, a_load({"results": results(("HOU", "1.1.2", "compliant"))}))  # somebody sends a file meanwhile
        add_tenant("BEC", "Beckford")
        manifest = taken_out.written(session, Writer(io.BytesIO()), None, NOW)
    assert [tenant.code for tenant in manifest.tenants] == ["ASH"]
    assert manifest.tenants[0].tables["results"].rows == 1
    assert manifest.tenants[0].tables["loads"].rows == 1


def test_while_somebody_sends_one_file_after_another_each_load_is_in_it_whole_or_not_at_all(warehouse, tmp_path):
    add_tenant("ASH", "Ashcombe")
    scope, begun, enough = scope_of("ASH"), threading.Event(), threading.Event()

    def send() -> None:
        for day in range(1, 29):
            rows = [("HOU", element, "compliant") for element in ("1.1.1", "1.1.2", "1.1.3")]
            put(scope, a_load({"results": results(*rows, day=f"2025-02-{day:02}")}))
            begun.set()
            if enough.is_set():
                return

    sender = threading.Thread(target=send)
    sender.start()
    begun.wait()
    made = [backup.backup(tmp_path / f"{n}.zip").path for n in range(2)]
    enough.set()
    sender.join()
    for path in made:
        with archive.opened(path) as found:
            (tenant,) = found.manifest.tenants
            loads = pl.concat(found.rows("loads", tenant.tables["loads"]))["load_number"].to_list()
            rows = pl.concat(found.rows("results", tenant.tables["results"]))
        assert sorted(rows["load_number"]) == sorted(loads * 3)


# --- damage -----------------------------------------------------------------------------------------------------------


def _changed(path: Path, to: Path, change=lambda told: None, without: str = "", other: dict[str, bytes] | None = None):
    """A copy of a backup with another manifest, without a member, or with other members."""
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(to, "w") as after:
        for name in before.namelist():
            data = (other or {}).get(name, before.read(name))
            if name == archive.MANIFEST:
                told = json.loads(data)
                change(told)
                data = json.dumps(told).encode()
            if not without or not name.endswith(without):
                after.writestr(name, data)
    return to


@OF_ONE_KIND
def test_a_flipped_bit_is_found_wherever_it_is(full, tmp_path):
    whole = full.whole.read_bytes()
    with zipfile.ZipFile(full.whole) as unpacked:
        places = [(told.header_offset + 30 + len(told.filename), told.compress_size) for told in unpacked.infolist()]
    broken = tmp_path / "broken.zip"
    for start, size in places:
        spot = start + size // 2
        broken.write_bytes(whole[:spot] + bytes([whole[spot] ^ 4]) + whole[spot + 1 :])
        with pytest.raises(BackupInvalid, match=r"damaged|not whole"):
            read_whole(broken)
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:length])
        with pytest.raises(BackupInvalid, match=r"is no backup|damaged|not whole"):
            read_whole(broken)


@OF_ONE_KIND
def test_what_is_missing_or_changed_is_found_and_nothing_is_restored(full, new, tmp_path):
    with zipfile.ZipFile(full.whole) as unpacked:
        name = next(name for name in unpacked.namelist() if name.startswith("tenants/1/results-"))
        frame = pl.read_parquet(unpacked.read(name))
    out = io.BytesIO()
    frame.with_columns(band=pl.lit("compliance_plus")).write_parquet(out)
    forged = {name: out.getvalue()}

    def agree(told):
        told["members"][name] = hashlib.sha256(forged[name]).hexdigest()

    cases = [
        (
            _changed(full.whole, tmp_path / "1.zip", without="results-1.parquet"),
            "not whole: tenants/1/results-1.parquet",
        ),
        (_changed(full.whole, tmp_path / "2.zip", without=archive.MANIFEST), "not whole: manifest.json is missing"),
        (_changed(full.whole, tmp_path / "3.zip", other=forged), f"{name} is not what was written"),
        (_changed(full.whole, tmp_path / "4.zip", agree, other=forged), "tenant ASH: results has other rows"),
        (_changed(full.whole, tmp_path / "5.zip", lambda told: told.pop("columns")), "not one of ours"),
    ]
    with at(new("sqlite"), tmp_path):
        for path, words in cases:
            with pytest.raises(BackupInvalid, match=words):
                backup.restore(path)
            assert tenants().is_empty(), path
        backup.restore(full.whole)  # it is still as empty as it was


# --- closed -----------------------------------------------------------------------------------------------------------


@OF_ONE_KIND
def test_a_closed_backup_opens_with_its_key_and_no_other(full, new, tmp_path):
    data = full.closed.read_bytes()
    assert data.startswith(b"age-encryption.org/v1")
    assert b"PAR1" not in data
    other = tmp_path / "other.key"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    none = tmp_path / "none.key"
    none.write_text("# no key\n")
    for key, error, words in (
        (None, UsageError, "is closed; say where the key is"),
        (other, BackupInvalid, "does not open closed.zip.age"),
        (none, UsageError, "holds no key"),
        (tmp_path / "absent", UsageError, "holds no key"),
    ):
        with pytest.raises(error, match=words), backup.opened(full.closed, key):
            pass
    with pytest.raises(UsageError, match="is not closed; leave --key out"), backup.opened(full.whole, full.key):
        pass
    broken = tmp_path / "broken.age"
    for cut in (data[: len(data) // 2], data[:3000] + bytes([data[3000] ^ 1]) + data[3001:]):
        broken.write_bytes(cut)
        with pytest.raises(BackupInvalid, match="damaged or cut short"), backup.opened(broken, full.key):
            pass
    with at(new("sqlite"), tmp_path):
        done = CliRunner().invoke(app, ["restore", str(full.closed), "--key", str(full.key)])
        assert done.exit_code == 0, done.exception
        assert "of 3 organisations are back, as they were at" in done.stderr
        with backup.opened(full.closed, full.key) as found:
            assert backup.differences(found) == []


def test_closing_stops_where_the_disk_does_and_leaves_nothing(tmp_path):
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(WarehouseError, match="cannot be written"), sealed.written(Path("/dev/full/a"), recipient):
        pass

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    key = pyrage.x25519.Recipient.from_str(recipient)
    with pytest.raises(OSError, match="No space left"), sealed._closing(Full(), key) as plain:
        plain.write(bytes(10_000_000))
    with pytest.raises(ZeroDivisionError), sealed.written(tmp_path / "a.age", recipient) as plain:
        plain.write(bytes(1 // (len(recipient) - len(recipient))))
    assert list(tmp_path.iterdir()) == []


# --- where it is put --------------------------------------------------------------------------------------------------


def test_a_warehouse_that_is_used_is_left_as_it_is(full, tmp_path):
    before = full.world.tables()
    with at(full.world, full.folder), pytest.raises(UsageError, match="is not empty; a backup is restored into an"):
        backup.restore(full.whole)
    assert full.world.tables() == before


def test_a_restore_that_is_killed_leaves_nothing_and_can_be_done_again(full, new, tmp_path):
    def killed(left: int) -> subprocess.CompletedProcess:
        words = [sys.executable, "-c", DYING, str(left), "restore", str(full.whole)]
        return subprocess.run(words, capture_output=True, text=True)

    with at(new(full.world.kind), tmp_path / "counted"):
        steps = int(killed(-1).stdout.split()[-1])
    for left in to_die_before(steps, 2):
        with at(new(full.world.kind), tmp_path / str(left)) as world:
            done = killed(left)
            assert done.returncode == -signal.SIGKILL, done.stderr
            if any(world.tables().values()):  # all of it was in
                with backup.opened(full.whole) as found:
                    assert backup.differences(found) == [], (left, steps)
            else:
                backup.restore(full.whole)
            upgrade()
            assert len(tenants()) == 3


@OF_ONE_KIND
def test_files_are_not_left_out_where_originals_are_off(full, new, tmp_path, monkeypatch):
    with at(new("sqlite"), tmp_path), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_ORIGINALS", "off")
        with pytest.raises(UsageError, match="ASSAY_ORIGINALS is off, and the backup has 2 files"):
            backup.restore(full.whole)
