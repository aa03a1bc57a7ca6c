"""An unknown table looked at: headings, columns, words; the source it becomes; and what the next file is told."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db import kept_sources
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import by_hand, mapping
from etl.layouts.canonical import names
from etl.layouts.staged import LEFT_OUT, Source, squashed
from etl.read import Reader
from etl.run import check
from etl.source_text import chosen, proposed, said_of, text_of
from etl.sources import NOT_ASSESSED, source_of, sources_for
from scheme.errors import UsageError
from scheme.letters import clean
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, shipped, spelling
from scheme.tables import TABLES
from scheme.words import Words
from tests.etl.made import PUBLISHED, TODAY, accounted, csv, reasons, write, xlsx

WORDS = Words(shipped("cse"))
DOC = Path(__file__).parents[2] / "docs" / "adding-a-sender.md"
OURS = {name: table for table in TABLES.values() for name in names(table)}


@pytest.fixture(scope="module")
def book():
    """A function: the book that a file's bytes hold."""
    with Reader() as reader:
        yield lambda data: reader.read_cells(data.encode() if isinstance(data, str) else data)


def looked(book, *lines, **how):
    return mapping.proposal(book(csv(*lines)).sheets[0], WORDS, **how)


def named(proposal) -> dict[str, str]:
    """What each heading is taken for."""
    return {proposal.headings[n]: one.name for n, one in proposal.columns.items()}


# --- what a table may be ----------------------------------------------------------------------------------------------


def test_headings_below_titles_are_found_and_said_to_be_what_they_are_nearest_to(book):
    rows = [f"HOU,{n},13/04/2025,Met,fine" for n in ("1.1.1", "1.1.2", "1.1.3")]
    titles = ("Annual review,,,,", "of all services,,,2025,")
    found = looked(book, *titles, "Team,Std ref,When assessed,Outcome,Notes", *rows)
    assert found.row == 3
    assert (found.table, found.missing) == ("results", ("assessment_type",))
    assert named(found) == {
        "Team": "department_code",
        "Std ref": "element",
        "When assessed": "assessed_on",
        "Outcome": "band",
        "Notes": "comment",
    }
    assert {one.certainty for one in found.columns.values()} <= {"sure", "likely"}
    assert all(one.why for one in found.columns.values())


def test_columns_whose_headings_say_nothing_are_known_by_what_they_hold(book):
    words = ["Grün", "Gelb", "Grün", "Rot", "Grün", "Gelb"]
    codes = ["1.1.1", "1.1.2", "1.1.3", "1.2.1", "1.2.2", "1.2.3"]
    rows = [f"HOU,x,{code},13/04/2025,{word}" for code, word in zip(codes, words, strict=True)]
    found = looked(book, "A,B,C,D,E", *rows, departments=["HOU", "FIN"])
    assert found.table == "results"
    assert named(found) == {"A": "department_code", "B": "", "C": "element", "D": "assessed_on", "E": "band"}
    assert "departments that you know" in found.columns[0].why
    assert "Grün, Gelb, Rot again and again" in found.columns[4].why
    assert found.certainty == "likely"


def test_published_files_with_our_headings_are_taken_for_what_they_are_and_surely(book):
    for file, table in (("northampton", "results"), ("scts-sites", "sites"), ("scts-visits", "visits")):
        found = mapping.proposal(book((PUBLISHED / f"{file}.csv").read_bytes()).sheets[0], WORDS)
        assert (found.table, found.certainty, found.missing) == (table, "sure", ())


def test_a_column_of_numbers_is_no_scale_of_bands_and_a_wide_table_is_known_by_its_codes(book):
    found = looked(book, "Unit,Partial,Share", *(f"A,{n % 3},0.{n}" for n in range(9)))
    assert "band" not in named(found).values()
    wide = looked(book, "Unit,Checked on,1.1.1,1.1.2", "A,13/04/2025,Green,Amber")
    assert (wide.table, list(wide.elements.values())) == ("wide", ["1.1.1", "1.1.2"])
    assert wide.missing == ("assessment_type",)


def test_a_sheet_without_a_line_of_headings_is_none(book):
    assert mapping.proposal(book("one\ntwo\n").sheets[0], WORDS) is None
    assert mapping.proposal(book(csv("a,b", "c,d")).sheets[0], WORDS, row=77) is None


@pytest.mark.parametrize(
    ("days", "first", "said"),
    [
        (["03/04/2025", "13/04/2025"], True, "13/04/2025 can only be read with the day first"),
        (["03/04/2025", "04-25-2025"], False, "with the month first"),
        (["03/04/2025", "05/04/2025"], None, "reads both ways"),
        (["13/04/2025", "04/13/2025"], None, "the sender must settle it"),
        (["2025-04-13", "7 March 2025"], True, "no day here depends on it"),
        ([], True, "no day here depends on it"),
    ],
)
def test_the_order_of_days_is_proven_by_a_day_that_reads_one_way_or_said_to_be_open(days, first, said):
    order = mapping.day_order(days)
    assert order.day_first is first
    assert said in order.why


def test_words_that_nobody_knows_are_named_once_with_how_many_cells_have_them():
    cells = ["Green", "green ", "Met", "", "TBC", "-", "N/A", "Amber", "GREEN"]
    assert mapping.unknown_words(cells, "band", WORDS) == {"Green": 3, "Amber": 1}
    assert mapping.unknown_words(["Annual", "Health check"], "assessment_type", WORDS) == {"Health check": 1}


# --- the source it becomes --------------------------------------------------------------------------------------------

headings = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda text: squashed(text) and spelling(text)
)
values = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
sources = st.builds(
    Source,
    name=values.filter(bool),
    table=st.sampled_from([None, "wide", *TABLES]),
    columns=st.dictionaries(headings, st.sampled_from([*OURS, LEFT_OUT]), max_size=6),
    fixed=st.dictionaries(st.sampled_from([*OURS]), values, max_size=4),
    bands=st.dictionaries(headings, st.sampled_from([*ALL_BANDS, NOT_ASSESSED]), max_size=4),
    assessment_types=st.dictionaries(headings, st.sampled_from(ASSESSMENT_TYPES), max_size=4),
    day_first=st.booleans(),
    date_1904=st.booleans(),
)


@given(st.text(max_size=12))
@example("a-\N{COMBINING ACUTE ACCENT}")
def test_a_heading_squashed_is_squashed(text):
    assert squashed(squashed(text)) == squashed(text)


@given(sources)
def test_the_text_of_a_source_read_again_is_that_source(source):
    source.columns = {squashed(heading): name for heading, name in source.columns.items()}
    assert source_of(text_of(source), "it", "it") == source


@given(st.lists(headings.map(clean).filter(bool), min_size=1, max_size=8), st.data())
def test_what_was_chosen_is_what_the_source_reads_or_is_refused_in_words(texts, data):
    columns = {n: data.draw(st.sampled_from(["", *OURS])) for n in range(len(texts))}
    try:
        source = chosen(dict(enumerate(texts)), columns, table="results", fixed={}, name="it")
    except UsageError:
        return  # two of one heading, or two to be one: the test below says which
    read = source_of(text_of(source), "it", "it")
    for n, ours in columns.items():
        known = read.columns.get(squashed(texts[n])) or OURS.get(squashed(texts[n]))
        assert (known == ours) if ours else (known in (None, LEFT_OUT)), (texts[n], ours, read.columns)


def test_two_columns_of_one_heading_and_two_that_are_to_be_one_are_told_apart():
    with pytest.raises(UsageError, match=r"columns 1 and 2 are both headed “Ref”"):
        chosen({0: "Ref", 1: "ref"}, {0: "element", 1: ""}, table="results")
    with pytest.raises(UsageError, match="cannot both be element"):
        chosen({0: "Ref", 1: "Code"}, {0: "element", 1: "element"}, table="results")
    assert chosen({0: "Ref", 1: "Ref"}, {0: "", 1: ""}, table="results").columns == {}


def test_a_heading_of_ours_that_is_left_out_leaves_its_name_to_another(tmp_path):
    row = "1.1.1,Knowing customers,Met,2025-04-13,initial"
    write(tmp_path, a_csv=csv("Ref,Element,Band,Assessed on,Assessment type", row))
    twice = Source(columns={"ref": "element"})
    assert "is there twice" in reasons(check([tmp_path], source=twice))["a.csv"]
    report = check([tmp_path], source=Source(columns={"ref": "element", "element": LEFT_OUT}))
    accounted(report)
    assert (report.files[0].loaded, report.files[0].notes) == (1, ["left out: Element"])


# --- what the next file is told ---------------------------------------------------------------------------------------

FIN = Source("FIN", "results", {"team": "department_code", "code": "element", "mark": "band", "day": "assessed_on"},
             {"assessment_type": "initial"})  # fmt: skip
NEXT = ("Team,Code,Mark,Day", "FIN,1.1.1,Met,13/04/2026")


def test_only_sources_with_which_a_file_would_be_read_are_proposed_the_nearest_first(book):
    other = Source("X", None, {"team": "department_code", "ref": "element", "mark": "band"}, {"owner": "somebody"})
    less = Source("L", None, {**FIN.columns, "remark": "comment"}, FIN.fixed)
    kept = {"X": other, "LESS": less, "FIN": FIN, "NONE": Source("N", None, {}, FIN.fixed)}
    fits = proposed(book(csv(*NEXT)), kept, WORDS)
    assert [(fit.code, fit.there, fit.of) for fit in fits] == [("FIN", 4, 4), ("LESS", 4, 5)]
    said = said_of(fits)
    assert said.startswith(
        "the headings fit your source FIN (all 4 that it maps are there, and it says assessment_type"
    )
    assert "so do those of LESS" in said
    assert said.endswith("It is not used unless it is named: `--source FIN`")
    assert proposed(book(xlsx(("Empty", [("a", "b"), ("c", "d")]))), kept, WORDS) == []


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of a warehouse of either kind."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


def keep(scope, **told: Source) -> None:
    with open_session(scope, write=True) as session:
        for code, source in told.items():
            kept_sources.add(session, code, text_of(source))


def test_a_refusal_proposes_the_source_that_fits_and_uses_none_by_itself(scope, tmp_path):
    keep(scope, FIN=FIN, OTHER=Source("O", None, {"nothing": "band"}))
    write(tmp_path, a_csv=csv(*NEXT), b_csv=csv("no,table", "at,all"))
    report = check([tmp_path], scope=scope)
    assert "the headings fit your source FIN" in reasons(report)["a.csv"]
    assert "your source" not in reasons(report)["b.csv"]
    assert [file.loaded for file in check([tmp_path / "a.csv"], scope=scope, source="FIN").files] == [1]
    assert "your source FIN" in reasons(check([tmp_path], scope=scope, source="OTHER"))["a.csv"]


def test_who_speaks_for_some_departments_is_proposed_no_source_that_names_another(scope):
    for code in ("HOU", "FIN", "HOU-1"):
        parent = "HOU" if code == "HOU-1" else ""
        by_hand.open_department(scope, code, code, parent=parent, sent_by="pat", today=TODAY)
    bare = replace(FIN, name=None)
    theirs, ours = replace(bare, fixed={"department_code": "FIN"}), replace(bare, fixed={"department_code": "HOU-1"})
    keep(scope, everybody=bare, FIN=bare, HOU=bare, theirs=theirs, ours=ours, named=replace(bare, name="fin"))
    assert set(sources_for(scope)) == {"everybody", "FIN", "HOU", "theirs", "ours", "named"}
    assert set(sources_for(replace(scope, departments=("HOU",)))) == {"everybody", "HOU", "ours"}


# --- the page that says how -------------------------------------------------------------------------------------------


def examples() -> list[tuple[str, str, str]]:
    """The files of the page with the source that follows each, and the accounting that it promises below."""
    text = DOC.read_text("utf-8")
    found = re.findall(r"```csv\n(.*?)```.*?```toml\n(.*?)```.*?```text\n(.*?)```", text, re.DOTALL)
    assert len(found) == text.count("```csv") >= 2
    return found


@pytest.mark.parametrize("number", range(2))
def test_the_examples_of_the_page_do_what_it_says(tmp_path, number):
    file, source, said = examples()[number]
    (tmp_path / "results.csv").write_text(file, "utf-8")
    (tmp_path / "source.toml").write_text(source, "utf-8")
    report = check([tmp_path / "results.csv"], source=tmp_path / "source.toml")
    accounted(report)
    one = report.files[0]
    counts = f"read {one.read} = loaded {one.loaded} + no result {one.no_result} + set aside {one.set_aside}"
    assert counts in said
    for row in report.rejected:
        assert f"row {row.row}: {row.why}" in said


def test_every_source_of_the_page_makes_sense():
    blocks = re.findall(r"```toml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        assert source_of(block, "docs/adding-a-sender.md", "it")
