"""A document as slides (PPTX, 16:9): text, tables and charts that can be edited, each with its snapshot at its foot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from dashboard.exports import imprint, slide_charts, slide_tables
from dashboard.exports.deck import BOTTOM, SIDE, TEXT, TOP, WIDTH, Deck, points
from dashboard.exports.document import Chart, Document, Facts, Grid, Heading, Page, Paragraph, Points
from dashboard.exports.fonts import ems
from dashboard.exports.imprint import plain

ROWS = 45  # of a table in a pack: what is longer nobody pages through in a meeting
_LINE = TEXT * 1.25
_MOST = int((BOTTOM - TOP - 10) / _LINE)  # lines on a slide
_SHORT = 3.0  # lines that may stand above a table or chart
_ROOM = (WIDTH - 2 * SIDE - 50) / TEXT  # ems in a line
_XML = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_BULLETS = {"point": '<a:buChar {} char="•"/>', "number": '<a:buAutoNum {} type="arabicPeriod" startAt="{}"/>'}


@dataclass(frozen=True)
class Words:
    """A paragraph of a slide, perhaps with words before it that name it; `number` is its place in a numbered list."""

    text: str
    kind: Literal["plain", "strong", "point", "number"] = "plain"
    name: str = ""
    number: int = 1

    @property
    def lines(self) -> float:
        """How many lines it takes, with the room after it."""
        told = f"{self.name}: {self.text}" if self.name else self.text
        return sum(1 + int(ems(line, self.kind == "strong") / _ROOM) for line in told.split("\n")) + (
            0.75 if self.name == "heading" else 0.25
        )


def slides(document: Document) -> bytes:
    """A document as PPTX; a document of several pages begins with a slide that says what it is.

    Of several pages, a table shows its first 45 rows and says how many there are: PDF and workbook have them all.
    """
    deck = Deck(document)
    is_pack = len(document.pages) > 1
    if len(document.pages) != 1:
        facts = [Words(plain(words), name=name) for name, words in imprint.facts(document.about)]
        _written(deck.slide(document.title, with_text=True), facts)
    for page in document.pages:
        _add(deck, page, ROWS if is_pack else None)
    return deck.saved()


def _add(deck: Deck, page: Page, most: int | None) -> None:
    """A page's slides: what it says in words, then each table and chart where it stands; `most` rows of each table."""
    waiting: list[Words] = []
    count = 0

    def told() -> None:
        nonlocal count
        while waiting and waiting[-1].kind == "strong" and waiting[-1].name == "heading":
            waiting.pop()  # what it heads has a slide of its own, whose title says it
        for some in _cut(waiting):
            title = f"{page.title} (continued)" if count else page.title
            slide = deck.slide(title, filters=page.filters, notes=_notes(page), with_text=True)
            _written(slide, some)
            count += 1
        waiting.clear()

    for block in page.blocks:
        if isinstance(block, Grid | Chart):
            lead = _lead(waiting)
            told()
            if isinstance(block, Chart):
                slide_charts.add(deck, page.title, block, page.filters, lead)
                lead = ""
            grid = block.grid if isinstance(block, Chart) else block
            if grid is not None:
                slide_tables.add(deck, page.title, _first(grid, most), page.filters, lead)
        else:
            waiting.extend(_words(block))
    told()


def _first(grid: Grid, most: int | None) -> Grid:
    if most is None or len(grid.rows) <= most:
        return grid
    left_out = f"The first {most} of {len(grid.rows):,} rows; PDF and workbook have them all."
    return replace(grid, rows=grid.rows[:most], note=" ".join(filter(None, [grid.note, left_out])))


def _lead(waiting: list[Words]) -> str:
    """Takes one short sentence that alone would fill a slide: it stands above the table or chart that follows."""
    said = [words for words in waiting if words.name != "heading"]
    if len(said) != 1 or said[0].name or said[0].kind not in ("plain", "strong") or said[0].lines > _SHORT:
        return ""
    waiting.clear()
    return said[0].text


def _notes(page: Page) -> str:
    leads = " ".join(block.text for block in page.blocks if isinstance(block, Paragraph) and block.kind == "lead")
    return f"{leads}\nAddress: {page.address}".strip()


def _words(block: object) -> Iterator[Words]:
    if isinstance(block, Heading):
        yield Words(plain(block.text), "strong", "heading")
    elif isinstance(block, Paragraph):
        yield Words(plain(block.text), "strong" if block.kind == "lead" else "plain")
    elif isinstance(block, Points):
        for number, item in enumerate(block.items, start=1):
            yield Words(plain(item), "number" if block.is_ordered else "point", number=number)
    elif isinstance(block, Facts):
        for name, words in block.pairs:
            yield Words(plain(words), name=plain(name))


def _cut(told: Sequence[Words]) -> Iterator[list[Words]]:
    """Paragraphs, slide by slide; one too long for a slide is cut between words."""
    some: list[Words] = []
    used = 0.0
    for words in (piece for one in told for piece in _pieces(one)):
        if some and used + words.lines > _MOST:
            headings = [some.pop()] if some[-1].name == "heading" else []
            if some:
                yield some
            some, used = headings, sum(one.lines for one in headings)
        some.append(words)
        used += words.lines
    if some:
        yield some


def _pieces(words: Words) -> Iterator[Words]:
    if words.lines <= _MOST:
        yield words
        return
    most = int(len(words.text) * (_MOST - 1) / words.lines * 0.9)
    left, first = words.text, True
    while left:
        at = len(left) if len(left) <= most else max(left.rfind(" ", 1, most), 0) or most
        kind = words.kind if first or words.kind == "strong" else "plain"
        yield Words(left[:at].strip(), kind, words.name if first else "", words.number)
        left, first = left[at:].strip(), False


def _written(slide: Any, told: Sequence[Words]) -> None:
    """Paragraphs in the slide's own place for text."""
    from pptx.util import Pt

    frame = slide.placeholders[1].text_frame
    frame.word_wrap = True
    for number, words in enumerate(told):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(TEXT * 0.25)
        if words.name == "heading" and number:
            paragraph.space_before = Pt(TEXT * 0.5)
        _bulleted(paragraph, words)
        if words.name and words.name != "heading":
            name = paragraph.add_run()
            name.text = f"{words.name}: "
            name.font.bold = True
        run = paragraph.add_run()
        run.text = words.text.replace("\n", "\v")
        run.font.bold = words.kind == "strong"


def _bulleted(paragraph: Any, words: Words) -> None:
    from pptx.oxml import parse_xml

    own = paragraph._p.get_or_add_pPr()
    mark = _BULLETS.get(words.kind, "<a:buNone {}/>").format(_XML, words.number)
    is_marked = words.kind in _BULLETS
    own.set("marL", str(points(22) if is_marked else 0))
    own.set("indent", str(points(-22) if is_marked else 0))
    own.append(parse_xml(mark))
