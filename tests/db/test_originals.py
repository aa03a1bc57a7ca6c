"""The bytes of files as they were sent: once for each content and tenant, there before anything tells of them."""

import hashlib
from pathlib import Path

import boto3
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from sqlalchemy import select

from db import originals
from db.models import Original
from db.session import open_session
from etl.run import check, load
from scheme.errors import UsageError, WarehouseError

TEXT = "department_code,assessment_type,assessed_on,element,band\nD1,annual_review,2025-03-07,1.1.1,Compliant\n"
SHA = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def sent_file(tmp_path):
    """A file to be sent, in a folder of its own."""
    path = tmp_path / "in" / "results.csv"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


@pytest.fixture
def storage(monkeypatch):
    """Object storage that runs here, named as where originals are kept; gives how to look into it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "a-secret-key", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
    client.create_bucket(Bucket="kept")
    monkeypatch.setenv("ASSAY_ORIGINALS", "s3://kept/assay")
    originals._store.cache_clear()
    yield client
    originals._store.cache_clear()
    server.stop()


def bytes_of(scope, sha256=SHA):
    with open_session(scope) as session:
        return originals.opened(session, sha256)


def told_of(scope):
    with open_session(scope) as session:
        return [row.sha256 for row in session.scalars(select(Original))]


def all_below(folder: Path):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_once_however_often_and_under_whatever_name_it_is_sent(scope, other, sent_file, tmp_path):
    load(scope, [sent_file], sent_by="ann")
    again = sent_file.with_name("again.csv")
    again.write_text(TEXT)
    load(scope, [sent_file, again], sent_by="ann")
    assert (bytes_of(scope), told_of(scope)) == (TEXT.encode(), [SHA])
    assert len(all_below(Path(originals.place()))) == 1
    # Another organisation neither has it nor learns that it is there; sending the same it has its own.
    assert (bytes_of(other), told_of(other)) == (None, [])
    load(other, [sent_file], sent_by="bob")
    assert bytes_of(other) == TEXT.encode()
    assert len(all_below(Path(originals.place()))) == 2


def test_a_check_keeps_nothing_and_a_refused_file_is_kept_as_it_came(scope, tmp_path, sent_file):
    check([sent_file], scope=scope)
    assert told_of(scope) == []
    broken = sent_file.with_name("broken.xlsx")
    broken.write_bytes(b"PK\x03\x04 no workbook")
    assert load(scope, [broken], sent_by="ann").files[0].outcome == "refused"
    assert bytes_of(scope, hashlib.sha256(broken.read_bytes()).hexdigest()) == broken.read_bytes()


def test_nothing_is_loaded_whose_original_cannot_be_kept(scope, sent_file, tmp_path, monkeypatch):
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("")
    monkeypatch.setenv("ASSAY_ORIGINALS", str(in_the_way))
    with pytest.raises(WarehouseError, match=r"cannot be kept in .*a-file.*nothing was saved"):
        load(scope, [sent_file], sent_by="ann")
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "room"))
    assert load(scope, [sent_file], sent_by="ann").load_number == 1


def test_bytes_are_on_the_disk_whole_before_anything_tells_of_them(scope, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "kept"))

    with open_session(scope, write=True) as session:
        originals.keep(session, [(SHA, TEXT.encode())])
        (there,) = all_below(tmp_path / "kept")
        assert there.read_bytes() == TEXT.encode()
        session.rollback()
    assert (told_of(scope), bytes_of(scope)) == ([], None)  # bytes of which nothing tells, and no harm
    # A crash in the midst of writing leaves a name that is nobody's; one cut short is written anew.
    there.write_bytes(b"cut")
    with open_session(scope, write=True) as session:
        originals.keep(session, [(SHA, TEXT.encode())])
    assert bytes_of(scope) == TEXT.encode()


def test_an_original_that_was_changed_or_lost_is_never_handed_out_as_what_was_sent(scope, sent_file):
    load(scope, [sent_file], sent_by="ann")
    (there,) = all_below(Path(originals.place()))
    there.write_text("something else")
    with pytest.raises(WarehouseError, match="changed after it was kept"):
        bytes_of(scope)
    there.unlink()
    with pytest.raises(WarehouseError, match="restore it from a backup"):
        bytes_of(scope)
    load(scope, [sent_file], sent_by="ann")
    assert bytes_of(scope) == TEXT.encode()


def test_originals_lie_beside_an_sqlite_warehouse_and_are_never_taken_for_files_that_were_sent(
    scope, warehouse, sent_file, tmp_path, monkeypatch
):
    monkeypatch.delenv("ASSAY_ORIGINALS", raising=False)
    if warehouse == "postgresql":
        with pytest.raises(UsageError, match="set ASSAY_ORIGINALS to a folder"):
            load(scope, [sent_file], sent_by="ann")
        monkeypatch.setenv("ASSAY_ORIGINALS", "off")
        assert load(scope, [sent_file], sent_by="ann").load_number == 1
        assert told_of(scope) == []
        return
    load(scope, [sent_file], sent_by="ann")
    (there,) = all_below(tmp_path / "assay-originals")
    assert there.name == SHA
    assert there.stat().st_mode & 0o077 == 0
    assert {file.file for file in load(scope, [tmp_path], sent_by="ann").files} == {"in/results.csv"}


@pytest.mark.parametrize("setting", ["ftp://host/a", "http://host/a", "file:///etc"])
def test_a_place_that_nobody_understands_is_wrong_usage(scope, sent_file, monkeypatch, setting):
    monkeypatch.setenv("ASSAY_ORIGINALS", setting)
    with pytest.raises(UsageError, match="ASSAY_ORIGINALS is a folder"):
        load(scope, [sent_file], sent_by="ann")


def test_object_storage_holds_them_where_the_setting_says_so(scope, sent_file, storage, monkeypatch):
    load(scope, [sent_file], sent_by="ann")
    (there,) = storage.list_objects_v2(Bucket="kept")["Contents"]
    assert there["Key"] == f"assay/{scope.tenant_id}/{SHA[:2]}/{SHA}"
    assert bytes_of(scope) == TEXT.encode()
    # Where it cannot be reached nothing is loaded, and no key is told.
    monkeypatch.setenv("ASSAY_ORIGINALS", "s3://no-such-bucket/x")
    with pytest.raises(WarehouseError, match="out of reach") as refused:
        load(scope, [sent_file], sent_by="ann")
    assert "a-secret-key" not in str(refused.value)


def test_a_tenant_s_originals_go_from_object_storage_and_nobody_else_s(scope, other, sent_file, storage):
    for each in (scope, other):
        load(each, [sent_file], sent_by="ann")
    assert originals.forget_tenant(scope.tenant_id) == 1
    left = [each["Key"] for each in storage.list_objects_v2(Bucket="kept")["Contents"]]
    assert left == [f"assay/{other.tenant_id}/{SHA[:2]}/{SHA}"]
    assert bytes_of(other) == TEXT.encode()
    assert originals.forget_tenant(scope.tenant_id) == 0


def test_a_file_that_was_changed_while_it_was_read_is_not_loaded(scope, sent_file):
    def change(*_):
        sent_file.write_text(TEXT.replace("Compliant", "Partial"))

    with pytest.raises(UsageError, match="changed while it was read; nothing is in"):
        load(scope, [sent_file], sent_by="ann", progress=change)
    assert load(scope, [sent_file], sent_by="ann").load_number == 1
