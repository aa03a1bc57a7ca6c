"""PDF documents with a text layer: lines of text and ruled tables, page by page, read by pdfplumber.

A line's number has its page in the thousands: 3014 is the 14th line, or row of a table, on page 3.
"""

import io
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from statistics import median
from typing import Any

from etl.cells import MERGED, Book
from etl.parse.documents import HEADING, Line, sheets
from scheme.errors import FileRefused

PAGES = 400
LINES_ON_A_PAGE = 999
LARGEST_STREAM = 128 * 2**20  # bytes, unpacked
_MARGIN = 0.07  # of a page's height: what is written there is a header or a footer
_WIDE_GAP = 1.5  # times the size of the letters: as wide as that only columns are apart
_PAGE_NUMBER = re.compile(r"\s*\d{1,4}(\s*(of|/)\s*\d{1,4})?\s*|.*\bpage\s*\d{1,4}\b.*", re.I)
_ELSE = "ask its author for the Word document (DOCX), or send its results as XLSX or CSV"
Words = list[dict[str, Any]]


class _Bounded:
    """What pdfminer unpacks a stream with: zlib's `decompress` with an end to it (F1)."""

    error = zlib.error
    decompressobj = staticmethod(zlib.decompressobj)

    @staticmethod
    def decompress(data: bytes) -> bytes:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(data, LARGEST_STREAM)
        if unpacker.unconsumed_tail:
            raise MemoryError
        if not unpacker.eof:
            raise zlib.error("incomplete stream")  # pdfminer then takes what there is of it
        return unpacked


def book(data: bytes) -> Book:
    """The text of all pages; FileRefused without a text layer, for a password, too many pages, and damage."""
    import pdfplumber
    from pdfminer import pdftypes
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfpage import PDFPage

    vars(pdftypes)["zlib"] = _Bounded
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if sum(1 for _ in islice(PDFPage.create_pages(document.doc), PAGES + 1)) > PAGES:
                raise FileRefused(f"the PDF has more than {PAGES} pages, as no report does; send the report alone")
            return _book(document)
    except FileRefused:
        raise
    except Exception as error:  # pdfminer lets through whatever damage makes of it
        causes = (error, *error.args)
        if any(isinstance(cause, MemoryError) for cause in causes):
            raise FileRefused(f"reading the PDF takes more memory than a report may; {_ELSE}") from error
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in causes):
            raise FileRefused("the PDF is protected by a password; save it without one and send it again") from error
        what = type(error).__name__
        raise FileRefused(f"the PDF is damaged or cut off ({what}); send it again, or {_ELSE}") from error


def _book(document: Any) -> Book:
    pages: list[list[tuple[bool, Line]]] = []
    tables = unclear = letters = 0
    pictures: list[int] = []
    for page in document.pages:
        found = list(_lines(page, tables))
        tables = max((line.table for _, line in found), default=0) or tables
        text = "".join("".join(line.cells) for _, line in found)
        letters, unclear = letters + len(text), unclear + 8 * text.count("(cid:")
        if not found and page.images:
            pictures.append(page.page_number)
        pages.append(found)
        page.close()
    if not letters:
        raise FileRefused(
            f"the PDF has no text layer: its {len(pages)} pages are pictures (a scan) or empty; {_ELSE}, or have the "
            "text recognised (OCR) and check it first"
        )
    if unclear * 4 > letters:
        raise FileRefused(f"the letters of the PDF cannot be told (its fonts do not say what they are); {_ELSE}")
    notes = [f"page {page} holds a picture and no text; nothing of it was read" for page in pictures]
    often: dict[str, set[int]] = {}
    for number, found in enumerate(pages):
        for in_margin, line in found:
            if in_margin:
                often.setdefault(_alike(line), set()).add(number)
    kept = [
        line
        for found in pages
        for in_margin, line in found
        if not in_margin or (len(often[_alike(line)]) < 2 and not _PAGE_NUMBER.fullmatch(line.cells[0]))
    ]
    running = sorted({line.cells[0] for found in pages for _, line in found} - {line.cells[0] for line in kept})
    if running:
        notes.append(f"left out as headers and footers: {'; '.join(running[:3])}{' ...' if len(running) > 3 else ''}")
    return Book("pdf", sheets(kept), notes)


def _alike(line: Line) -> str:
    return re.sub(r"\d+", "#", line.cells[0])


def _lines(page: Any, tables: int) -> Iterator[tuple[bool, Line]]:
    """Whether it stands in the margin, and the line; from top to bottom. `tables`: how many came before this page."""
    framed = [(table.bbox, table.extract()) for table in page.find_tables()]
    framed = [(box, rows) for box, rows in framed if any(len(row) > 1 for row in rows)]
    words = page.extract_words(extra_attrs=["size"])
    outside = [word for word in words if not any(_within(word, box) for box, _ in framed)]
    usual = median(word["size"] for word in words) if words else 0
    blocks: list[tuple[float, Words | list[list[str | None]]]] = [(box[1], rows) for box, rows in framed]
    blocks += [(line[0]["top"], line) for line in _in_lines(outside)]
    number = 0
    if len(blocks) + sum(len(rows) for _, rows in framed) > LINES_ON_A_PAGE:
        raise FileRefused(f"page {page.page_number} has more lines than a page of a report; {_ELSE}")
    for top, block in sorted(blocks, key=lambda block: block[0]):
        if block and isinstance(block[0], dict):
            number += 1
            is_heading = min(word["size"] for word in block if isinstance(word, dict)) > usual * 1.15
            in_margin = not _MARGIN * page.height < top - page.bbox[1] < (1 - _MARGIN) * page.height
            text = _spaced([word for word in block if isinstance(word, dict)])
            yield in_margin, Line(1000 * page.page_number + number, 0, (text, HEADING if is_heading else ""))
            continue
        tables += 1
        for row in block:
            cells = tuple(MERGED if cell is None else str(cell) for cell in row)
            if any(cell.strip() and cell != MERGED for cell in cells):
                number += 1
                yield False, Line(1000 * page.page_number + number, tables, cells)


def _within(word: Mapping[str, Any], box: tuple[float, float, float, float]) -> bool:
    x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _in_lines(words: Words) -> list[Words]:
    lines: list[Words] = []
    for word in sorted(words, key=lambda word: (word["bottom"], word["x0"])):
        if lines and abs(lines[-1][0]["bottom"] - word["bottom"]) <= 0.3 * max(word["size"], 1):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word["x0"]) for line in lines]


def _spaced(line: Words) -> str:
    """The words of a line, a tab where they are as far apart as columns."""
    texts = [line[0]["text"]]
    for before, word in pairwise(line):
        gap = word["x0"] - before["x1"]
        texts += ["\t" if gap > _WIDE_GAP * word["size"] else " ", word["text"]]
    return "".join(texts)
