"""A tenant's tables taken out and in again: the same rows, the same measures, and nothing that a spreadsheet runs."""

import csv
import shutil
import stat
import tomllib
from datetime import date

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import formats
from db import audit, reads
from db.engine import engine
from db.reports import report, reports
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run
from etl.by_hand import open_department
from etl.take_out import RULES, about, take_out, take_out_plain
from measures import measure
from scheme.errors import UsageError
from scheme.standard import parsed, shipped
from scheme.tables import TABLES
from scheme.words import Words
from tests.db.letting import let_in
from tests.db.made import asked

MEASURES = ("standing", "headroom", "coverage", "visits", "sites", "renewal")
WORDS = Words(shipped("cse"))
TEXTS = {
    "formula": '=HYPERLINK("http://evil.example","x")',
    "quoted formula": "'=1+1",
    "twice quoted": "''-1",
    "apostrophe": "'tis fine",
    "minus": "-1",
    "lines": 'one; two\nthree, "four"\r\nfive\rsix',
    "wide": "＝1+1 £ é 漢字",
}


@pytest.fixture(scope="module")
def demo(demo_warehouse, tmp_path_factory):
    """A copy of the demo's warehouse of these tests' own."""
    path = tmp_path_factory.mktemp("taken") / "assay.db"
    shutil.copy(demo_warehouse[0].removeprefix("sqlite:///"), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("ASSAY_ORIGINALS", "off")
        patch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
        yield path
        engine().dispose()


def tables(code):
    with open_session(scope_of(code)) as session:
        return {name: reads.table(session, name).drop("load_number", "file_number", "row_number") for name in TABLES}


def test_the_demo_s_council_taken_out_and_in_again_is_the_same_on_every_day(demo, tmp_path):
    done = take_out(scope_of("ASHCOMBE"), tmp_path / "out")
    assert done.rejected == ()
    assert done.rows["results"] > 10_000
    bodies = [(path.name, parsed(path.read_text("utf-8"), path.name)) for path in done.profiles]
    add_tenant("COPY", "A copy", "cse", bodies)
    report = run.load(scope_of("COPY"), [tmp_path / "out"], sent_by="somebody")
    assert not report.rejected
    assert {file.outcome for file in report.files} == {"loaded"}
    assert {file.table: file.read for file in report.files} == dict(done.rows)
    assert all(file.read == file.loaded for file in report.files)
    first, second = tables("ASHCOMBE"), tables("COPY")
    for name in TABLES:
        assert_frame_equal(first[name], second[name])
    assert asked(scope_of("ASHCOMBE"), reads.content_hash) == asked(scope_of("COPY"), reads.content_hash)
    newest = first["results"]["assessed_on"].max()
    for day in (newest, newest.replace(year=newest.year - 1, day=1), date(newest.year - 3, 6, 30)):
        for name in MEASURES:
            ours, theirs = (measure(scope_of(code), name, day) for code in ("ASHCOMBE", "COPY"))
            assert ours.height or day != newest, name
            assert_frame_equal(ours, theirs)
    assert about(tmp_path / "out").sha256 == asked(scope_of("ASHCOMBE"), reads.content_hash)
    assert audit.entries(scope_of("ASHCOMBE"), 1)["action"].to_list() == ["exported"]


ON_POSTGRESQL = pytest.mark.parametrize(
    "warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@ON_POSTGRESQL
def test_what_sqlite_held_is_the_same_in_postgresql_and_so_are_its_reports_to_other_tools(
    demo, warehouse, postgres, tmp_path
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{demo}")
        patch.delenv("ASSAY_OWNER_DATABASE_URL")
        scope = scope_of("ASHCOMBE")
        done, first = take_out(scope, tmp_path / "out"), tables("ASHCOMBE")
        before = {name: asked(scope, report, name) for name in reports()}
        day = first["results"]["assessed_on"].max()
        headroom = measure(scope, "headroom", day)
        engine().dispose()
    bodies = [(path.name, parsed(path.read_text("utf-8"), path.name)) for path in done.profiles]
    add_tenant("COPY", "A copy", "cse", bodies)
    assert not run.load(scope_of("COPY"), [tmp_path / "out"], sent_by="somebody").rejected
    assert asked(scope_of("COPY"), reads.content_hash) == done.sha256
    second = tables("COPY")
    for name in TABLES:
        assert_frame_equal(first[name], second[name])
    assert_frame_equal(measure(scope_of("COPY"), "headroom", day), headroom)
    with let_in(postgres, scope_of("COPY")) as (_, connection):
        for name in set(reports()) - {"loads"}:
            rows = connection.execute(f"SELECT * FROM reports.{name}").fetchall()
            assert rows, name
            assert_frame_equal(pl.DataFrame(rows, before[name].schema, orient="row").sort(pl.all()), before[name])


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_reports_are_taken_as_files_that_say_the_same_and_run_nothing(demo, tmp_path, ending):
    written = take_out_plain(scope_of("MILLBROOK"), tmp_path / "out", ending)
    assert set(written) == {f"{name}.{ending}" for name in (*reports(), "columns")}
    for name in reports():
        path, frame = tmp_path / "out" / f"{name}.{ending}", asked(scope_of("MILLBROOK"), report, name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if ending == "csv":
            assert path.read_text("utf-8") == formats.csv_text(frame)
        elif ending == "parquet":
            assert_frame_equal(pl.read_parquet(path), frame)
        else:
            assert openpyxl.load_workbook(path)[name].max_row == frame.height + 1
    entry = audit.entries(scope_of("MILLBROOK"), 1)
    assert entry.select("action", "object").row(0) == ("exported", "reports")
    with pytest.raises(UsageError, match="not empty"):
        take_out_plain(scope_of("MILLBROOK"), tmp_path / "out", ending)


def sent(tmp_path):
    """A file of results about departments and sites that no register named, with texts of every awkward kind."""
    path = tmp_path / "sent.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["department_code", "site_code", "assessment_type", "assessed_on", "element", "band", "comment"])
        for n, text in enumerate(TEXTS.values()):
            written = f"'{text}" if text.lstrip("'")[:1] in "=+-@＝" else text
            rows.writerow([f"0{n}", "S-1", "annual_review", "2025-03-07", "1.1.1", "compliant", written])
    return path


def test_texts_and_codes_come_back_to_the_letter_and_no_cell_begins_as_a_formula(warehouse, tmp_path):
    add_tenant("ASH", "Ashcombe")
    run.load(scope_of("ASH"), [sent(tmp_path)], sent_by="ann")
    open_department(scope_of("ASH"), "09", "=cmd|'/C calc'!A0", sent_by="ann", why="")
    before = tables("ASH")
    assert set(before["results"]["comment"]) == {text.strip() for text in TEXTS.values()}
    done = take_out(scope_of("ASH"), tmp_path / "out")
    assert done.confirmed == ()  # a code that a row named is still to be confirmed elsewhere
    for path in (tmp_path / "out").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file, strict=True) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    add_tenant("BEC", "Beckford")
    report = run.load(scope_of("BEC"), [tmp_path / "out"], sent_by="ben")
    assert [(file.read, file.set_aside) for file in report.files if file.read != file.loaded] == []
    for name, frame in tables("BEC").items():
        assert_frame_equal(frame, before[name])
    said = tomllib.loads((tmp_path / "out" / RULES / "tenant.toml").read_text("utf-8"))
    assert (said["code"], said["rows"]["results"]) == ("ASH", len(TEXTS))


@given(st.lists(st.text(st.sampled_from("'=+-@＝a\t ;,\"\n\r"), max_size=6), min_size=1, max_size=20))
@settings(max_examples=60)
def test_whatever_is_defused_is_read_as_it_was(texts):
    kept = [WORDS.text(text)[0] for text in texts]
    frame = formats.defused(pl.DataFrame({"t": kept}, {"t": pl.String}))
    assert [None if cell is None else WORDS.parsed("text", cell)[0] for cell in frame["t"]] == kept


def test_a_folder_that_holds_anything_and_one_without_an_export_are_refused(warehouse, tmp_path):
    add_tenant("ASH", "Ashcombe")
    (tmp_path / "there.txt").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        take_out(scope_of("ASH"), tmp_path)
    with pytest.raises(UsageError, match="no whole export"):
        about(tmp_path)
