"""Text documents (DOCX): paragraphs and tables in the order of the document, opened by python-docx.

What python-docx's own texts leave out is read too: content controls (forms), insertions that were tracked, text boxes.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from etl.cells import MERGED, Book
from etl.parse.documents import HEADING, Line, sheets
from etl.parse.zips import refuse_doctype
from scheme.errors import FileRefused

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_GONE = (f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK)
_TICKS = ("F0FC", "F0FE", "F052")  # Wingdings
_DEEPEST, _DEEPEST_TABLES, _TAGS = 150, 8, 4_000_000
_AGAIN = "open it in Word, save it again as .docx and send that"
_COLUMNS = 63  # Word's own limit


def book(data: bytes, archive: zipfile.ZipFile) -> Book:
    """The document's text; FileRefused for macros, entities, tables inside tables without end, and damage."""
    import docx

    names = archive.namelist()
    if any(name.casefold().endswith("vbaproject.bin") for name in names):
        raise FileRefused("the document holds macros; save it as Word Document (.docx) without them and send that")
    for entry in archive.infolist():
        _look_over(archive, entry)
    try:
        document = docx.Document(io.BytesIO(data))
    except (ValueError, KeyError, AttributeError) as error:
        raise FileRefused(f"this is no text document, or a damaged one ({str(error)[:100]}); {_AGAIN}") from error
    body = document.element.body
    styles = {style.style_id: (style.name or "").casefold() for style in document.styles}
    found = sheets(_Walk(styles).lines(body))
    if not found:
        raise FileRefused("the document holds no text; send it again, or the tables in it as XLSX or CSV")
    changed = next(body.iter(f"{_W}ins", f"{_W}del", f"{_W}moveFrom"), None) is not None
    notes = ["the document has tracked changes; it was read as if all of them were accepted"] if changed else []
    return Book("docx", found, notes)


def _look_over(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Walk through a part of XML before it becomes a tree: no entities (F10), no depth that is a trap (F1)."""
    depth = tables = tags = 0
    parser = expat.ParserCreate(namespace_separator="}")
    refuse_doctype(parser)

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal depth, tables, tags
        depth, tags, tables = depth + 1, tags + 1, tables + tag.endswith("}tbl")
        if depth > _DEEPEST or tables > _DEEPEST_TABLES or tags > _TAGS:
            raise FileRefused("the document has tables inside tables, or parts, without end, as no report does")

    def end(tag: str) -> None:
        nonlocal depth, tables
        depth, tables = depth - 1, tables - tag.endswith("}tbl")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        with archive.open(entry) as content:
            if content.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
                content.seek(0)
                parser.ParseFile(content)
    except (expat.ExpatError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise FileRefused(f"the document is damaged in {entry.filename} ({error}); {_AGAIN}") from error


class _Walk:
    """A walk through the body that numbers what holds text: each paragraph is one, and each row of a table."""

    def __init__(self, styles: dict[str, str]) -> None:
        self._styles = styles
        self._row = self._table = 0

    def lines(self, container: Any) -> Iterator[Line]:
        for child in container:
            if child.tag == f"{_W}p":
                boxes: list[Any] = []
                text = _text(child, boxes)
                if text.strip():
                    self._row += 1
                    yield Line(self._row, 0, (text, HEADING if self._is_heading(child) else ""))
                for box in boxes:
                    yield from self.lines(box)
            elif child.tag == f"{_W}tbl":
                yield from self._rows(child)
            elif child.tag not in _GONE and isinstance(child.tag, str):
                yield from self.lines(child)

    def _rows(self, table: Any) -> Iterator[Line]:
        rows = [list(_through(row, "tc")) for row in _through(table, "tr")]
        if max((len(row) for row in rows), default=0) <= 1:  # a frame around text
            for row in rows:
                for cell in row:
                    yield from self.lines(cell)
            return
        self._table += 1
        number = self._table
        for row in rows:
            inside: list[Any] = []
            cells: list[str] = []
            for cell in row[:_COLUMNS]:
                merge = cell.find(f"{_W}tcPr/{_W}vMerge")
                covered = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
                texts = [_text(part, inside) for part in _through(cell, "p")]
                inside += _through(cell, "tbl")
                text = "\n".join(text for text in texts if text.strip())
                cells.append(MERGED if covered and not text else text)
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                wide = span.get(f"{_W}val", "1") if span is not None else "1"
                cells += [MERGED] * min((int(wide) if wide.isdecimal() else 1) - 1, _COLUMNS - len(cells))
            if any(cell.strip() and cell != MERGED for cell in cells):
                self._row += 1
                yield Line(self._row, number, tuple(cells))
            for part in inside:
                yield from self._rows(part) if part.tag == f"{_W}tbl" else self.lines(part)

    def _is_heading(self, paragraph: Any) -> bool:
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = "" if style is None else style.get(f"{_W}val", "")
        outlined = paragraph.find(f"{_W}pPr/{_W}outlineLvl") is not None
        return outlined or self._styles.get(name, name).casefold().startswith(("heading", "title"))


def _through(parent: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or cells of a row, those in content controls and tracked insertions included."""
    for child in parent:
        if child.tag == f"{_W}{tag}":
            yield child
        elif isinstance(child.tag, str) and child.tag not in (*_GONE, f"{_W}tbl", f"{_W}tr", f"{_W}tc"):
            yield from _through(child, tag)


def _text(element: Any, boxes: list[Any]) -> str:
    """The text of a paragraph; text boxes that hang on it are put into `boxes`."""
    texts = []
    for child in element:
        if child.tag == f"{_W}t":
            texts.append(child.text or "")
        elif child.tag == f"{_W}tab":
            texts.append("\t")
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            texts.append("\n")
        elif child.tag == f"{_W}noBreakHyphen":
            texts.append("-")
        elif child.tag == f"{_W}sym" and child.get(f"{_W}char", "").upper() in _TICKS:
            texts.append("✓")
        elif child.tag == f"{_W}txbxContent":
            boxes.append(child)
        elif child.tag not in _GONE and isinstance(child.tag, str):
            texts.append(_text(child, boxes))
    return "".join(texts)
