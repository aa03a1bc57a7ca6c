"""PDF files read back: by a reader of its own (pypdf), and drawn as a viewer draws them (pypdfium2)."""

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from dashboard import theme
from dashboard.exports.as_pdf import pdf
from dashboard.exports.document import Cell, Column, Facts, Grid, Heading, Page, Paragraph, Points, Row
from tests.exports_made import ABOUT, bars, document, every_kind, heatmap, listed


@pytest.fixture(scope="module")
def made() -> bytes:
    return pdf(every_kind())


def tags(reader: PdfReader) -> Iterator[tuple[str, Any]]:
    """The structure of a PDF in reading order: each element's kind with it."""

    def below(node: Any) -> Iterator[tuple[str, Any]]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                yield from below(one)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]), node
            if "/K" in node:
                yield from below(node["/K"])

    yield from below(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])


def read(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


def text_of(made: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(made).pages).split())


def test_a_screen_reader_is_told_title_language_and_that_the_file_is_tagged(made):
    root = read(made).trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert read(made).metadata.title == "The programme"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()


def test_headings_never_skip_a_level_and_every_page_is_in_the_contents(made):
    levels = [int(kind[2:]) for kind, _ in tags(read(made)) if kind[:2] == "/H" and kind[2:].isdigit()]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {2, 3} <= set(levels)
    bookmarks = [one.title for one in read(made).outline if not isinstance(one, list)]
    assert bookmarks[-2:] == ["Page 1", "Page 2"]


def test_tables_have_header_cells_for_every_column(made):
    counts: dict[str, int] = {}
    for kind, _ in tags(read(made)):
        counts[kind] = counts.get(kind, 0) + 1
    assert counts["/Table"] == 4
    assert counts["/TH"] >= 2 * (3 + 58)
    assert counts["/TD"] == 2 * (2 * 3 + 8 * 58)


def test_a_chart_has_words_for_whom_cannot_see_it_and_its_data_follows(made):
    found = list(tags(read(made)))
    place = next(n for n, (kind, _) in enumerate(found) if kind == "/Figure")
    assert found[place][1]["/Alt"] == "Bands over time. Parks has most partials: 4."
    assert "/Table" in [kind for kind, _ in found[place : place + 8]]


def test_every_page_says_whose_it_is_of_which_day_and_snapshot_and_how_many_there_are(made):
    pages = read(made).pages
    for number, page in enumerate(pages, start=1):
        told = " ".join(page.extract_text().split())
        for words in (
            "Ashcombe County Council (ASHCOMBE)",
            "As of 22 November 2026",
            "Rolling programme 2024",
            "known at 22 November 2026 at 13:20 UTC, load 88",
            f"Page {number} of {len(pages)}",
            "All data here is fictional",
        ):
            assert words in told, (number, words)
        assert number == 1 or "Department: Highways · Criterion: 1 Customer insight" in told


def test_the_same_document_gives_the_same_bytes(made):
    assert pdf(every_kind()) == made


def test_a_heatmap_of_57_elements_is_whole_on_one_wide_sheet_in_the_colours_of_the_screen():
    grid = heatmap(12, 57)
    made = pdf(document(grid))
    (page,) = read(made).pages
    assert round(page.mediabox.width) == 1191
    told = page.extract_text()
    assert all(f"Department {n}" in told for n in range(12))
    drawn = pypdfium2.PdfDocument(made)[0].render(scale=1).to_pil().convert("RGB")
    for name in ("plus", "compliant", "partial", "non"):
        colour = theme.colour(f"band-{name}-0")
        wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert sum(n for n, seen in drawn.getcolors(1 << 20) if seen == wanted) > 500, name
    edge = drawn.crop((drawn.width - 30, 60, drawn.width, drawn.height - 60))
    assert len(edge.getcolors(1 << 20)) == 1, "something is drawn beyond the margin"


def test_a_table_too_wide_for_any_sheet_is_cut_and_each_part_names_its_rows():
    columns = (Column("name", "Department", "Department"), *(Column(f"{n}", f"Measure {n}", "m") for n in range(60)))
    rows = (Row((Cell("Highways"), *(Cell(f"value-{n}") for n in range(60)))),)
    told = text_of(pdf(document(Grid("wide", "Measures", columns, rows))))
    assert all(f"value-{n}" in told for n in range(60))
    assert "Measures (part 1 of" in told
    assert told.count("Highways") - told.count("Department: Highways") >= 2


def test_long_cells_wrap_and_words_without_end_are_broken():
    endless, long = "x" * 400, "why it matters " * 120
    made = pdf(document(listed(endless, long)))
    told = "".join("".join(page.extract_text() for page in read(made).pages).split()).replace("\u200b", "")
    assert endless in told
    assert "whyitmatters" * 120 in told


def test_an_empty_document_and_an_empty_table_are_files_too():
    assert "No rows." in text_of(pdf(document(listed())))
    assert "Page 1 of 1" in text_of(pdf(document(pages=0)))


def test_what_is_folded_away_on_the_screen_stands_at_the_end_of_its_page():
    page = Page("one", "One", "/one", (Paragraph("Seen."),), (), (Heading(2, "What is behind"), Paragraph("Unseen.")))
    assert "Seen. What is behind Unseen." in text_of(pdf(replace(document(), pages=(page,))))


HOSTILE = [
    "#panic(1)",
    "*bold* _it_ `x`",
    "$ x^2 $",
    "= Heading",
    "\\ #{",
    "@ref <label>",
    "//x",
    '"#data"',
    "\u202eabc",
]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30) | st.sampled_from(HOSTILE), min_size=6, max_size=6))
def test_no_text_that_anybody_wrote_is_ever_run_or_stops_a_file(texts: list[str]):
    one, two, three, four, five, six = texts
    grid = replace(listed(one, two), caption=three, note=four)
    blocks = (Heading(2, five), Paragraph(six), Points((one,)), Facts(((two, three),)), grid)
    made = pdf(document(*blocks, title=four, about=replace(ABOUT, tenant_name=five, made_for=six, profiles=(one,))))
    assert made.startswith(b"%PDF")


def test_markup_comes_out_as_it_was_written():
    told = text_of(pdf(document(*(Paragraph(f"a {one} z") for one in HOSTILE[:-1]))))
    assert all(f"a {one} z" in told for one in HOSTILE[:-1])


def test_dollar_signs_and_underlines_in_charts_are_text():
    made = pdf(document(bars("$x^2$", ("$a_1$", "_b"))))
    assert "$a_1$" in text_of(made)
