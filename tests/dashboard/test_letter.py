"""Letters (DOCX) read back: headings, tables, title, language; and whatever somebody typed is text."""

import io
import re
import zipfile
from datetime import UTC, date, datetime

import docx
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.exports.as_letter import letter
from dashboard.exports.document import (
    About,
    Cell,
    Column,
    Document,
    Facts,
    Grid,
    Heading,
    Page,
    Paragraph,
    Points,
    Row,
)
from dashboard.exports.letter_tables import WIDEST

NOW = datetime(2026, 11, 22, 13, 20, tzinfo=UTC)
ABOUT = About("ASH", "Ashcombe Council", date(2026, 11, 22), NOW, 7, ("Profile A",), NOW, "lead@ash.example", True)
BAND = Cell("P", "Partial, assessed in the last year", "Partial", fill="#f2b134", ink="#2b1d00")


def grid(columns: int = 3, rows: int = 2, text: str = "words") -> Grid:
    kinds = ["text", "band", *["text"] * columns][:columns]
    heads = tuple(
        Column(f"c{n}", f"Head {n}", f"Head {n}", kind, ("Above",) if n else ()) for n, kind in enumerate(kinds)
    )
    cells = (Cell(text, text, text, small="small"), BAND, *(Cell(f"{n}") for n in range(2, columns)))
    return Grid("g", f"Caption {columns}", heads, tuple(Row(cells[:columns], depth=n) for n in range(rows)), "A note.")


def document(*blocks, pages: int = 1, text: str = "Museums") -> Document:
    told = tuple(Page("scope", f"Page {n} {text}", "/scope", blocks) for n in range(pages))
    return Document(f"Day pack: {text}", ABOUT, told)


def opened(made: Document) -> docx.document.Document:
    return docx.Document(io.BytesIO(letter(made)))


def test_a_letter_has_real_headings_in_order_a_title_and_a_language():
    read = opened(document(Heading(2, "Itinerary"), Paragraph("Words."), Heading(3, "Worth a look"), pages=2))
    styles = [(one.style.name, one.text) for one in read.paragraphs if one.style.name.startswith(("Head", "Title"))]
    own = [("Heading 2", "Itinerary"), ("Heading 3", "Worth a look")]
    assert styles == [
        ("Title", "Day pack: Museums"),
        *(one for n in range(2) for one in [("Heading 1", f"Page {n} Museums"), *own]),
    ]
    assert read.core_properties.title == "Day pack: Museums"
    assert read.core_properties.language == "en-GB"
    assert {tag.get(qn("w:val")) for tag in read.styles.element.iter(qn("w:lang"))} == {"en-GB"}


def test_contents_lead_to_each_page_by_a_bookmark_that_is_there():
    with zipfile.ZipFile(io.BytesIO(letter(document(pages=3)))) as kept:
        body = kept.read("word/document.xml").decode()
    anchors, marks = re.findall(r'w:anchor="([^"]+)"', body), re.findall(r'w:bookmarkStart [^>]*w:name="([^"]+)"', body)
    assert anchors == marks == ["page1", "page2", "page3"]


def test_a_table_has_one_marked_header_row_no_merged_cell_and_a_text_for_who_cannot_see_it():
    read = opened(document(grid()))
    (table,) = read.tables
    first, *rest = table._tbl.tr_lst
    assert first.trPr.find(qn("w:tblHeader")) is not None
    assert all(row.trPr.find(qn("w:tblHeader")) is None for row in rest)
    assert not list(table._tbl.iter(qn("w:gridSpan"), qn("w:vMerge")))
    assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == "Caption 3"
    assert "Head 0, Above: Head 1" in table._tbl.tblPr.find(qn("w:tblDescription")).get(qn("w:val"))
    assert [cell.text for cell in table.rows[0].cells] == ["Head 0", "Above: Head 1", "Above: Head 2"]
    assert [cell.text for cell in table.rows[1].cells] == ["words\nsmall", "P Partial", "2"]


def test_a_band_keeps_its_colour_and_says_its_name_beside_it():
    (table,) = opened(document(grid())).tables
    band = table.rows[1].cells[1]
    assert band._tc.tcPr.find(qn("w:shd")).get(qn("w:fill")) == "F2B134"
    assert band.paragraphs[0].runs[0].font.color.rgb.__str__() == "2B1D00"


def test_a_wide_table_goes_on_below_with_its_first_column_again_and_loses_none():
    read = opened(document(grid(columns=57)))
    heads = [[cell.text for cell in table.rows[0].cells] for table in read.tables]
    assert all(len(head) <= WIDEST and head[0] == "Head 0" for head in heads)
    assert [name for head in heads for name in head[1:]] == [f"Above: Head {n}" for n in range(1, 57)]


def test_every_sheet_says_whose_figures_of_which_day_and_snapshot_and_lies_as_its_tables_need():
    read = opened(Document("T", ABOUT, (Page("a", "A", "/", (grid(3),)), Page("b", "B", "/", (grid(8),)))))
    foot = read.sections[0].footer.paragraphs[0].text
    for words in ("Ashcombe Council (ASH)", "As of 22 November 2026", "load 7", "Profile A", "fictional", "page"):
        assert words in foot
    fields = read.sections[0].footer._element.iter(qn("w:fldSimple"))
    assert [field.get(qn("w:instr")) for field in fields] == ["PAGE", "NUMPAGES"]
    assert all(section.footer.is_linked_to_previous for section in read.sections[1:])
    assert [section.page_width > section.page_height for section in read.sections] == [False, False, True]


def test_numbered_lists_each_begin_at_one():
    points = Points(("First.", "Second."), is_ordered=True)
    read = opened(document(points, Paragraph("Between."), points))
    numbers = [one._p.pPr.numPr.numId.val for one in read.paragraphs if one.style.name == "List Number"]
    assert len(numbers) == 4
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_a_link_of_the_web_can_be_followed_and_no_other():
    links = [Cell("ours", "ours", "ours", href=href) for href in ("https://a.example/", "/heatmap", "javascript:x()")]
    told = Grid("g", "Links", (Column("c", "C", "C"),), tuple(Row((cell,)) for cell in links))
    read = opened(document(told))
    assert [one.target_ref for one in read.part.rels.values() if one.is_external] == ["https://a.example/"]


HOSTILE = st.text(max_size=40) | st.sampled_from(
    ["<w:p/>", "]]>&amp;", "\x00\x1b\x0b", "a\ud800b".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
     "=HYPERLINK(1)", "\u202egnp.exe", "\ufffe\uffff", "line\nline\ttab", "{MERGEFIELD x}"]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(text=HOSTILE)
def test_whatever_somebody_typed_is_text(text):
    blocks = (Heading(2, text), Paragraph(text), Points((text,)), Facts(((text, text),)), grid(text=text))
    read = opened(document(*blocks, text=text))
    kinds = {tag.tag for tag in read.element.iter()}
    assert qn("w:instrText") not in kinds
    assert len(read.tables) == 1
    assert len(read.tables[0].rows) == 3
    for letter_ in re.findall(r"\w", text):
        assert letter_ in read.tables[0].rows[1].cells[0].text
