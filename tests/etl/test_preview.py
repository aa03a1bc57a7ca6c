"""The preview is what the load then does, on a warehouse of either kind; mended rows say that they were mended."""

import io
import itertools

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import reads
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import run
from etl.mended import Mend
from etl.preview import CHANGES, SET_ASIDE, Otherwise, preview, take
from scheme.standard import BANDS
from tests.conftest import EXAMPLES
from tests.etl.made import HEADINGS, TODAY, accounted, csv, write, xlsx

BY = "pat@ash.example"
WIDE = ("Department code", "Assessment type", "Assessed on", "1.1.1", "1.1.2", "1.1.3")
tenants = itertools.count(1)


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def folder(tmp_path):
    """A folder for files, apart from the warehouse."""
    made = tmp_path / "files"
    made.mkdir()
    return made


def looked(scope, folder, *mends):
    return preview(scope, [folder], mends=mends, by=BY, today=TODAY)


def took(scope, folder, fingerprint, *mends, **options):
    return take(scope, [folder], fingerprint, mends=mends, by=BY, today=TODAY, **options)


def bands(scope) -> dict[tuple[object, ...], str]:
    """What holds, by key."""
    with open_session(scope) as session:
        rows = reads.table(session, "results")
    return {row[:-1]: row[-1] for row in rows.select("department_code", "assessed_on", "element", "band").iter_rows()}


def mend_of(told, place: int = 0, **cells: str) -> Mend:
    """A mend of the row that stands there in a preview."""
    row = told.short["mendable"][place]
    return Mend(row["file_number"], row["row"], row["at"], row["was"], {**row["now"], **cells})


row = st.tuples(
    st.sampled_from(["HR", "IT", ""]),
    st.sampled_from(["2025-03-07", "2025-03-08", "31/31/2025"]),
    st.sampled_from(["1.1.1", "1.1.2", "9.9.9"]),
    st.sampled_from(["CP", "C", "P", "NC", "N/A", "", "Sort of"]),
)
a_file = st.lists(row, min_size=4, max_size=24)


def told(rows) -> str:
    return csv(HEADINGS, *((code, "renewal", day, element, band, "") for code, day, element, band in rows))


@settings(
    max_examples=max(3, EXAMPLES // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=a_file, now=a_file)
def test_the_preview_equals_what_the_load_then_does(warehouse, folder, before, now):
    code = f"T{next(tenants)}"
    add_tenant(code, "A council")
    scope = scope_of(code)
    run.load(scope, [write(folder, a_csv=told(before))], sent_by="x", today=TODAY)
    write(folder, a_csv=told(now))
    held = bands(scope)
    shown = looked(scope, folder)
    assert bands(scope) == held, "a preview writes nothing"
    report = took(scope, folder, shown.fingerprint)
    accounted(report)
    # By the file: what was promised is what the report says.
    names = ("file", "sheet", "read", "loaded", "unchanged", "duplicate", "no_result", "set_aside", "outcome")
    promised = [tuple(file[name] for name in names) for file in shown.short["files"]]
    assert promised == [tuple(getattr(file, name) for name in names) for file in report.files]
    assert all(file["loaded"] == file["new"] + file["changed"] for file in shown.short["files"])
    aside = pl.read_parquet(io.BytesIO(shown.long[SET_ASIDE]))
    assert aside.select("row", "why").rows() == [(r.row, r.why) for r in report.rejected]
    assert sum(one["count"] for one in shown.short["whys"]) == len(report.rejected)
    # Row by row: the slow twin compares what holds before and after.
    after, counts = bands(scope), shown.short["counts"]
    moved = [(held[key], band) for key, band in after.items() if key in held and held[key] != band]
    ranked = [(BANDS.index(a), BANDS.index(b)) for a, b in moved if a in BANDS and b in BANDS]
    assert counts["new_results"] == len(after.keys() - held.keys())
    assert counts["changed_results"] == len(moved)
    assert (counts["falls"], counts["rises"]) == (sum(b > a for a, b in ranked), sum(b < a for a, b in ranked))
    said = pl.read_parquet(io.BytesIO(shown.long[CHANGES])).filter(change="changed", table="results")
    assert sorted(said.select("before", "after").rows()) == sorted(moved)


def test_taking_does_what_was_shown_or_nothing(scope, folder):
    write(folder, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,"))
    shown, done = looked(scope, folder), []
    with open_session(scope) as session:
        before = reads.content_hash(session)
    with pytest.raises(ZeroDivisionError):
        took(scope, folder, shown.fingerprint, also=lambda _: 1 // 0)
    run.load(scope, [folder], sent_by="somebody else", today=TODAY)
    with pytest.raises(Otherwise) as otherwise:
        took(scope, folder, shown.fingerprint, also=done.append)
    assert (done, otherwise.value.preview.short["counts"]["unchanged"]) == ([], 1)
    with open_session(scope) as session:
        assert reads.loads(session)["load"].to_list() == [1]
        assert reads.content_hash(session) != before
    assert took(scope, folder, otherwise.value.preview.fingerprint, also=done.append).load_number == 2
    assert len(done) == 1


def test_a_mended_row_is_checked_with_the_rest_and_releases_the_one_that_it_contradicted(scope, folder):
    rows = ("HR,renewal,2025-03-07,1.1.1,C,", "HR,renewal,2025-03-07,1.1.1,P,", "HR,renewal,2025-03-07,1.1.2,C,")
    write(folder, a_csv=csv(HEADINGS, *rows))
    shown = looked(scope, folder)
    assert [one["row"] for one in shown.short["mendable"]] == [2, 3]
    mend = mend_of(shown, 1, element="1.1.3")
    again = looked(scope, folder, mend)
    assert (again.short["counts"]["new"], again.short["counts"]["set_aside"]) == (3, 0)
    report = took(scope, folder, again.fingerprint, mend)
    accounted(report)
    assert {key[2]: band for key, band in bands(scope).items()} == {
        "1.1.1": "compliant", "1.1.3": "partial", "1.1.2": "compliant",
    }  # fmt: skip
    assert [(file.sheet, file.read) for file in report.files] == [(None, 2), (f"mended by {BY}", 1)]
    assert report.files[0].sha256 == report.files[1].sha256
    # The next edition of the file knows the mended row for one of its own: it is not said to have vanished.
    write(folder, a_csv=csv(HEADINGS, rows[0], rows[1].replace("1.1.1", "1.1.3"), rows[2]))
    next_ = run.load(scope, [folder], sent_by="x", today=TODAY)
    assert (next_.files[0].unchanged, next_.files[0].notes) == (3, [])
    write(folder, a_csv=csv(HEADINGS, rows[0], rows[2]))
    gone = run.load(scope, [folder], sent_by="x", today=TODAY)
    assert "1 row of results no longer in this file" in gone.files[0].notes[0]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_one_of_several_results_in_a_wide_row_is_mended_alone(scope, folder, kind):
    line = ("HR", "renewal", "2025-03-07", "C", "Sort of", "Amber")
    body = csv(WIDE, line) if kind == "csv" else xlsx(("Own", [WIDE, line]))
    write(folder, **{f"a_{kind}": body})
    shown = looked(scope, folder)
    assert [(one["now"]["element"], one["now"]["band"]) for one in shown.short["mendable"]] == [
        ("1.1.2", "Sort of"), ("1.1.3", "Amber"),
    ]  # fmt: skip
    mends = mend_of(shown, 0, band="P"), mend_of(shown, 1, band="Greenish")
    again = looked(scope, folder, *mends)
    (still,) = again.short["mendable"]
    assert (still["now"]["band"], still["was"]["band"]) == ("Greenish", "Amber")
    assert '"band (as sent)": "Amber"' in pl.read_parquet(io.BytesIO(again.long[SET_ASIDE]))["cells"][0]
    report = took(scope, folder, again.fingerprint, *mends)
    accounted(report)
    assert sorted((key[2], band) for key, band in bands(scope).items()) == [
        ("1.1.1", "compliant"),
        ("1.1.2", "partial"),
    ]
    assert report.files[1].sheet == ("" if kind == "csv" else "Own, ") + f"mended by {BY}"


def test_a_row_that_was_cut_off_can_be_completed(scope, folder):
    write(folder, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,", "HR,renewal,2025-03-07,1.1.2"))
    shown = looked(scope, folder)
    assert "cut off" in shown.short["mendable"][0]["why"]
    assert looked(scope, folder, mend_of(shown, band="C")).short["counts"]["new"] == 2


def test_a_mend_of_a_row_that_is_read_otherwise_by_now_is_left_out(scope, folder):
    write(folder, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,Amber,"))
    shown = looked(scope, folder)
    mend = mend_of(shown, band="P")
    write(folder, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.2,Amber,"))
    again = looked(scope, folder, mend, Mend(9, 1, None, {}, {"band": "C"}))
    assert [one["now"]["element"] for one in again.short["mendable"]] == ["1.1.2"]
    assert len(again.short["files"]) == 1
