"""OpenDocument spreadsheets (ODS), read as a stream: errors, merged and repeated cells are seen, not guessed."""

import re
import zipfile
from typing import IO
from xml.parsers import expat

from etl.cells import MERGED, Book, Sheet, gathered, hidden_note, marked
from etl.parse.zips import refuse_doctype
from scheme.errors import FileRefused

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{_URN}{part}:1.0 " for part in ("table", "office", "text", "style"))
_CALC_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:[0-9]+")
_ROWS, _COLUMNS = 1_048_576, 16_384
_SKIPPED = (f"{_OFFICE}annotation", f"{_TABLE}tracked-changes")


def book(archive: zipfile.ZipFile) -> Book:
    """All sheets of an ODS file, hidden ones included; FileRefused where it is damaged."""
    reader = _Reader()
    try:
        with archive.open("content.xml") as content:
            reader.read(content)
    except (expat.ExpatError, zipfile.BadZipFile, EOFError) as error:
        raise FileRefused(f"the ODS file is damaged ({error}); open it in LibreOffice and save it again") from error
    return Book("ods", reader.sheets, reader.notes)


class _Reader:
    """Builds sheets from the parts of content.xml as they come by."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.notes: list[str] = []
        self._hidden_rows: set[int] = set()
        self._is_hidden = False
        self._hidden_styles: set[str] = set()
        self._style = self._name = ""
        self._hidden = False
        self._rows: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = self._repeat = 0
        self._cell: dict[str, str] | None = None
        self._texts: list[str] = []
        self._covered = False
        self._skipping = 0

    def read(self, content: IO[bytes]) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.buffer_text = True
        refuse_doctype(parser)
        parser.ParseFile(content)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _SKIPPED or self._skipping:
            self._skipping += 1
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._texts, self._covered = attributes, [], tag.endswith("covered-table-cell")
        elif self._cell is not None and tag == f"{_TEXT}p":
            self._texts.append("")
        elif self._cell is not None and tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
            count = min(int(attributes.get(f"{_TEXT}c", "1")), 32_767)
            self._characters({"s": " " * count, "tab": "\t"}.get(tag.removeprefix(_TEXT), "\n"))
        elif tag == f"{_TABLE}table-row":
            self._row, self._repeat = [], int(attributes.get(f"{_TABLE}number-rows-repeated", "1"))
            self._is_hidden = attributes.get(f"{_TABLE}visibility") in ("collapse", "filter")
        elif tag == f"{_TABLE}table":
            self._name, self._rows, self._number = attributes.get(f"{_TABLE}name", ""), [], 1
            self._hidden_rows = set()
            self._hidden = attributes.get(f"{_TABLE}style-name", "") in self._hidden_styles
        elif tag == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif tag == f"{_STYLE}table-properties" and attributes.get(f"{_TABLE}display") == "false":
            self._hidden_styles.add(self._style)

    def _characters(self, text: str) -> None:
        if self._cell is not None and self._texts and not self._skipping:
            self._texts[-1] += text

    def _end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell") and self._cell is not None:
            repeat = int(self._cell.get(f"{_TABLE}number-columns-repeated", "1"))
            self._row += [self._text(self._cell)] * min(repeat, _COLUMNS - len(self._row))
            self._cell = None
        elif tag == f"{_TABLE}table-row":
            while self._row and not self._row[-1]:
                self._row.pop()
            if self._row:
                last = min(self._number + self._repeat, _ROWS + 1)
                self._rows += [(number, self._row) for number in range(self._number, last)]
                self._hidden_rows.update(range(self._number, last) if self._is_hidden else ())
            self._number += self._repeat
        elif tag == f"{_TABLE}table":
            self.sheets.append(Sheet(self._name, gathered(self._rows), self._hidden))
            self.notes += hidden_note(self.sheets[-1], self._hidden_rows)

    def _text(self, cell: dict[str, str]) -> str:
        if self._covered:
            return MERGED
        kind = cell.get(f"{_OFFICE}value-type")
        text = "\n".join(self._texts)
        formula = cell.get(f"{_TABLE}formula")
        if cell.get(_CALC_TYPE) == "error" or (formula and _ERROR.fullmatch(text)):
            return marked(text or "an error", "error")
        if formula and kind is None and not text:
            return marked(f"={formula.partition('=')[2]}", "error")
        if kind in ("float", "percentage", "currency"):
            return marked(cell.get(f"{_OFFICE}value", text), "number")
        if kind == "date":
            return marked(cell.get(f"{_OFFICE}date-value", text).removesuffix("T00:00:00"), "date")
        if kind == "boolean":
            return cell.get(f"{_OFFICE}boolean-value", text)
        return text if self._texts else cell.get(f"{_OFFICE}string-value", "")
