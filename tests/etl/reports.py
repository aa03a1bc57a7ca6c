"""Assessors' reports made for tests, in the shapes that assessors write them, as DOCX and as PDF of the same."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import docx
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

# A report is a list of blocks: ("title" | "heading" | "text", words) or ("table", rows).
Block = tuple[str, object]
Judged = Sequence[tuple[str, str, str]]  # element, band, comment
COVER = (
    ("Department", "HR"),
    ("Assessor", "J. Doe"),
    ("Date printed", "21 March 2025"),
    ("Document review", "17 February 2025"),
    ("Visit", "3 and 4 March 2025"),
)
CRITERIA = ("Customer insight", "Culture", "Information and access", "Delivery", "Timeliness")


@dataclass(frozen=True)
class Report:
    """What stands in a report: its title, its cover, what it says of elements, and blocks before and after these."""

    judged: Judged
    title: str = "Customer Service Excellence Annual Review Report"
    cover: Sequence[tuple[str, str]] = COVER
    before: Sequence[Block] = ()
    after: Sequence[Block] = field(default_factory=tuple)


def _by_criterion(judged: Judged) -> list[tuple[str, Judged]]:
    numbers = sorted({row[0][0] for row in judged})
    return [(n, [row for row in judged if row[0][0] == n]) for n in numbers]


def _headed(number: str) -> str:
    return f"Criterion {number}: {CRITERIA[int(number) - 1]}" if number in "12345" else f"Criterion {number}"


def tables(report: Report) -> list[Block]:
    """A cover of labels, then a table for each criterion."""
    blocks: list[Block] = [("title", report.title), ("table", report.cover), *report.before]
    for number, rows in _by_criterion(report.judged):
        blocks += [("heading", _headed(number)), ("table", [("Element", "Rating", "Assessor's comments"), *rows])]
    return [*blocks, *report.after]


def paragraphs(report: Report) -> list[Block]:
    """Lines of labels, then `1.1.1 – Compliant` and its comment below, by criterion."""
    blocks: list[Block] = [("title", report.title), *(("text", f"{label}: {text}") for label, text in report.cover)]
    blocks += report.before
    for number, rows in _by_criterion(report.judged):
        blocks.append(("heading", _headed(number)))
        for code, band, comment in rows:
            blocks.append(("text", f"{code} – {band}"))
            blocks += [("text", comment)] if comment else []
    return [*blocks, *report.after]


def boxes(report: Report) -> list[Block]:
    """A small table for each element, its labels beside what they say."""
    blocks: list[Block] = [("title", report.title), ("table", report.cover), *report.before]
    for code, band, comment in report.judged:
        blocks.append(("table", [("Element", f"{code} What is asked"), ("Rating", band), ("Comments", comment)]))
    return [*blocks, *report.after]


def ticked(report: Report) -> list[Block]:
    """One table with a column for each band, and a mark in one of them."""
    bands = ("Compliance Plus", "Compliant", "Partial", "Non-compliant")
    rows = [(code, *("X" if band == each else "" for each in bands), comment) for code, band, comment in report.judged]
    headings = ("Ref", *bands, "Evidence and comments")
    return [("title", report.title), ("table", report.cover), *report.before, ("table", [headings, *rows])]


SHAPES: dict[str, Callable[[Report], list[Block]]] = {
    "tables": tables,
    "paragraphs": paragraphs,
    "boxes": boxes,
}


def as_docx(blocks: Sequence[Block]) -> bytes:
    """The blocks as python-docx writes them."""
    document = docx.Document()
    for kind, what in blocks:
        if kind == "table":
            grid = document.add_table(rows=0, cols=max(map(len, what)))
            for row in what:
                for cell, text in zip(grid.add_row().cells, row, strict=False):
                    cell.text = text
        elif kind == "text":
            document.add_paragraph(str(what))
        else:
            document.add_heading(str(what), 0 if kind == "title" else 1)
    return saved(document)


def saved(document: object) -> bytes:
    """What a document's `save` writes."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def as_pdf(blocks: Sequence[Block], ruled: bool = True, **options: object) -> bytes:
    """The blocks as reportlab writes them, with a footer on each page; `ruled`: tables have lines around cells."""
    styles, story = getSampleStyleSheet(), []
    grid = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    for kind, what in blocks:
        if kind == "table":
            width = max(map(len, what))
            rest = (470 - 70 * (width - 1), *(70 for _ in range(0)))
            sizes = [70] * (width - 1) + [rest[0]] if width > 2 else [130, 340]
            cells = [[_paragraph(text, styles["Normal"]) for text in row] for row in what]
            story.append(Table(cells, colWidths=sizes, style=[*grid, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        else:
            style = {"title": "Title", "heading": "Heading1", "text": "Normal"}[kind]
            story.append(_paragraph(str(what), styles[style]))
        story.append(Spacer(0, 8))
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4, **options).build(story, onFirstPage=_footer, onLaterPages=_footer)
    return buffer.getvalue()


def _paragraph(text: str, style: object) -> Paragraph:
    return Paragraph(escape(text).replace("\n", "<br/>").replace("\t", " "), style)


def _footer(canvas: object, document: object) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(72, 30, f"Printed on 21 March 2025    Page {document.page}")


MAKERS = {"docx": as_docx, "pdf": as_pdf}
