"""A document as a letter: Word (DOCX) that a screen reader can read and anybody can write into.

Real headings and lists, a title, a language, tables with a marked header row that comes again on each sheet, a text for
each table and drawing; whose figures these are, of which day and which snapshot, on every sheet. What somebody typed is
text and nothing else: python-docx escapes it, and what no XML may hold is taken out here.
"""

from io import BytesIO
from typing import Any

from dashboard.exports import imprint
from dashboard.exports.document import (
    About,
    Block,
    Chart,
    Document,
    Facts,
    Grid,
    Heading,
    Page,
    Paragraph,
    Points,
)
from dashboard.exports.imprint import plain
from dashboard.exports.letter_tables import element, tables

UPRIGHT = 5  # columns that fit an upright sheet
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def letter(document: Document) -> bytes:
    """The document as DOCX: a title, its contents as links, then a chapter for each page, a new sheet for each.

    A chapter lies on its side where one of its tables has more than UPRIGHT columns.
    """
    import docx

    made = docx.Document()
    _prepare(made, document)
    made.add_paragraph(plain(document.title), style="Title")
    for label, text in imprint.facts(document.about):
        _pair(made, label, text)
    if len(document.pages) > 1:
        made.add_paragraph("Contents", style="Contents")
        for number, page in enumerate(document.pages, 1):
            _link_inside(made.add_paragraph(style="List Bullet"), f"page{number}", plain(page.title))
    for number, page in enumerate(document.pages, 1):
        _chapter(made, page, number, document.about)
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


# --- the sheet --------------------------------------------------------------------------------------------------------


def _prepare(made: Any, document: Document) -> None:
    """Title, language, fonts, and what stands at the head and the foot of every sheet."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    about = document.about
    told = made.core_properties
    told.title, told.language = plain(document.title)[:255], "en-GB"
    told.author = told.last_modified_by = plain(about.tenant_name)[:255]
    told.subject = f"As of {about.as_of.isoformat()}"
    told.comments, told.created, told.modified = "", _plain(about), _plain(about)
    styles = made.styles
    for tag in styles.element.iter(f"{{{_W}}}lang"):
        tag.set(f"{{{_W}}}val", "en-GB")
    for fonts in styles.element.iter(f"{{{_W}}}rFonts"):  # a theme's font would win over the one that is named
        for name in list(fonts.attrib):
            del fonts.attrib[name]
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(f"{{{_W}}}{script}", "Arial")
    styles["Normal"].font.name, styles["Normal"].font.size = "Arial", Pt(11)
    contents = styles.add_style("Contents", WD_STYLE_TYPE.PARAGRAPH)
    contents.base_style, contents.font.bold, contents.font.size = styles["Normal"], True, Pt(14)
    for name, size in (
        ("Title", 26),
        ("Heading 1", 20),
        ("Heading 2", 15),
        ("Heading 3", 12),
        ("Heading 4", 11),
        ("Caption", 10),
    ):
        styles[name].font.size, styles[name].font.color.rgb = Pt(size), RGBColor(0x17, 0x21, 0x2B)
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.8)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2)
    head = section.header.paragraphs[0]
    head.add_run(plain(f"{about.tenant_name}: {document.title}"))
    foot = section.footer.paragraphs[0]
    words = [imprint.line(about), *([imprint.FICTIONAL] if about.is_fictional else [])]
    foot.add_run(plain(f"{' · '.join(words)} · page "))
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")
    for paragraph in (head, foot):
        for run in paragraph.runs:
            run.font.size = Pt(8)


def _plain(about: About) -> Any:
    return about.made_at.replace(tzinfo=None)


def _field(paragraph: Any, code: str) -> None:
    """A number that Word fills in."""
    field = element("w:fldSimple", {"w:instr": code})
    text = element("w:t")
    text.text = "1"
    field.append(element("w:r", None, element("w:rPr", None, element("w:sz", {"w:val": "16"})), text))
    paragraph._p.append(field)


def _chapter(made: Any, page: Page, number: int, about: About) -> None:
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Pt

    section = made.add_section(WD_SECTION.NEW_PAGE)
    wide = any(len(grid.columns) > UPRIGHT for grid in page.grids)
    short, long = sorted((section.page_width, section.page_height))
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if wide else (short, long)
    heading = made.add_heading(plain(page.title), 1)
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        name = {"w:name": f"page{number}"} if tag == "w:bookmarkStart" else {}
        heading._p.append(element(tag, {"w:id": str(number), **name}))
    if page.filters:
        made.add_paragraph().add_run(plain(imprint.chosen(page.filters))).font.size = Pt(9)
    room = section.page_width - section.left_margin - section.right_margin
    for block in page.blocks:
        _block(made, block, room, about)


def _pair(made: Any, label: str, text: str) -> None:
    paragraph = made.add_paragraph()
    paragraph.paragraph_format.space_after = 0
    paragraph.add_run(f"{plain(label)}: ").bold = True
    paragraph.add_run(plain(text))


def _link_inside(paragraph: Any, bookmark: str, text: str) -> None:
    link = element("w:hyperlink", {"w:anchor": bookmark})
    link.append(paragraph.add_run(text)._r)
    paragraph._p.append(link)


# --- blocks -----------------------------------------------------------------------------------------------------------


def _block(made: Any, block: Block, room: int, about: About) -> None:
    from docx.shared import Pt

    if isinstance(block, Heading):
        made.add_heading(plain(block.text), min(max(block.level, 2), 4))
    elif isinstance(block, Paragraph):
        run = made.add_paragraph().add_run(plain(block.text))
        run.bold = block.kind == "lead"
        run.font.size = Pt(9) if block.kind == "note" else None
    elif isinstance(block, Points):
        _points(made, block)
    elif isinstance(block, Facts):
        for label, text in block.pairs:
            _pair(made, label, text)
        made.add_paragraph()
    elif isinstance(block, Grid):
        tables(made, block, room)
    else:
        _chart(made, block, room, about)


def _points(made: Any, points: Points) -> None:
    number = None
    if points.is_ordered:  # a list of its own, or it would go on counting where the one before it ended
        style = made.styles["List Number"].element.pPr.numPr.numId.val
        numbering = made.part.numbering_part.element
        one = numbering.add_num(numbering.num_having_numId(style).abstractNumId.val)
        one.add_lvlOverride(ilvl=0).add_startOverride(1)
        number = one.numId
    for item in points.items:
        paragraph = made.add_paragraph(plain(item), style="List Number" if points.is_ordered else "List Bullet")
        if number is not None:
            its = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            its.get_or_add_ilvl().val, its.get_or_add_numId().val = 0, number


def _chart(made: Any, chart: Chart, room: int, about: About) -> None:
    """The drawing with its text, the sentence, and its data as a table."""
    from dashboard.exports.as_picture import chart_png

    made.add_heading(plain(chart.title), 2)
    made.add_paragraph(plain(chart.summary))
    shape = made.add_picture(BytesIO(chart_png(chart, about)), width=room)
    shape._inline.docPr.set("title", plain(chart.title))
    shape._inline.docPr.set("descr", plain(chart.summary))
    if chart.grid is not None:
        tables(made, chart.grid, room)
