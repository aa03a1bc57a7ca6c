"""What Excel files (XLSX) know beyond their cells' values: errors, formulas never calculated, the date system."""

import re
import zipfile
from collections.abc import Callable
from posixpath import join, normpath
from xml.parsers import expat

from etl.parse.zips import refuse_doctype
from scheme.errors import FileRefused

Places = dict[tuple[int, int], str]
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_HIDDEN = re.compile(rb"""<(?:\w{1,20}:)?row\s[^<>]*?\bhidden\s*=\s*["'](?:1|true)["'][^<>]*>""")
_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,7})["']""")
_LONGEST_TAG = 2000  # bytes
# Each begins with a letter that is quickly looked for; one expression of all of them took several times as long.
_FORMULAS = (re.compile(rb"<f[\s>/]"), re.compile(rb":f[\s>/]"))
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")


def facts(archive: zipfile.ZipFile) -> tuple[bool, dict[str, Places], dict[str, set[int]]]:
    """Whether days count from 1904; by sheet the cells (row, column; from 0) that show an error or are unknown.

    An error's text is what the cell shows; a formula that was never calculated is its text with a leading "=". Last, by
    sheet, the rows (from 1) that are hidden.
    """
    since_1904, sheets, targets = False, {}, {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def part(tag: str, attributes: dict[str, str]) -> None:
        nonlocal since_1904
        if tag == "workbookPr":
            since_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif tag == "sheet":
            link = next((value for name, value in attributes.items() if name == "id" or name.endswith(":id")), "")
            sheets[attributes.get("name", "")] = link

    names = set(archive.namelist())
    if "xl/_rels/workbook.xml.rels" in names:
        _walk(archive, "xl/_rels/workbook.xml.rels", relation)
    _walk(archive, "xl/workbook.xml", part)
    parts = {name: normpath(join("/xl", targets.get(link, ""))).lstrip("/") for name, link in sheets.items()}
    there = {name: path for name, path in parts.items() if path in names}
    places = {name: _places(archive, path) for name, path in there.items()}
    return since_1904, places, {name: _hidden_rows(archive, path) for name, path in there.items()}


def _walk(archive: zipfile.ZipFile, path: str, start: Callable[[str, dict[str, str]], None]) -> None:
    parser = expat.ParserCreate()
    refuse_doctype(parser)
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    _parse(parser, archive, path)


def _parse(parser: expat.XMLParserType, archive: zipfile.ZipFile, path: str) -> None:
    try:
        with archive.open(path) as content:
            parser.ParseFile(content)
    except (expat.ExpatError, zipfile.BadZipFile, EOFError) as error:
        raise FileRefused(f"the file is damaged in {path} ({error}); open it in Excel and save it again") from error


def _places(archive: zipfile.ZipFile, path: str) -> Places:
    if not _suspicious(archive, path):
        return {}
    found: Places = {}
    row = column = -1
    kind, formula, value, inside = "", None, None, ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind, formula, value, inside
        tag = tag.rpartition(":")[2]
        if tag == "row":
            row, column = int(attributes.get("r", row + 2)) - 1, -1
        elif tag == "c":
            column += 1
            if place := _PLACE.fullmatch(attributes.get("r", "")):
                row, column = int(place[2]) - 1, _column(place[1])
            kind, formula, value = attributes.get("t", "n"), None, None
        elif tag == "f":
            formula, inside = "", "f"
        elif tag == "v":
            value, inside = "", "v"

    def characters(text: str) -> None:
        nonlocal formula, value
        if inside == "f":
            formula = (formula or "") + text
        elif inside == "v":
            value = (value or "") + text

    def end(tag: str) -> None:
        nonlocal inside
        tag = tag.rpartition(":")[2]
        inside = ""
        if tag == "c" and kind == "e":
            found[row, column] = value or "an error"
        elif tag == "c" and formula is not None and not value and kind != "str":
            found[row, column] = f"={formula}"

    parser = expat.ParserCreate()
    refuse_doctype(parser)
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, characters, end
    _parse(parser, archive, path)
    return found


def _suspicious(archive: zipfile.ZipFile, path: str) -> bool:
    """Whether a sheet has formulas or errors at all; most have none and need no second look."""
    tail = b""
    try:
        with archive.open(path) as content:
            while block := content.read(2**20):
                whole = tail + block
                if b"\x00" in block[:16] or any(formula.search(whole) for formula in _FORMULAS):
                    return True
                if (b'"e"' in whole or b"'e'" in whole) and _ERROR.search(whole):
                    return True
                tail = block[-16:]
    except (zipfile.BadZipFile, EOFError) as error:
        raise _damaged(path, error) from error
    return False


def _damaged(path: str, error: Exception) -> FileRefused:
    return FileRefused(f"the file is damaged in {path} ({error}); send it again")


def _hidden_rows(archive: zipfile.ZipFile, path: str) -> set[int]:
    found: set[int] = set()
    tail = b""
    try:
        with archive.open(path) as content:
            while block := content.read(2**20):
                whole = tail + block
                tags = _HIDDEN.finditer(whole) if b"hidden" in whole else ()
                found.update(int(match[1]) for tag in tags if (match := _NUMBER.search(tag[0])))
                tail = whole[-_LONGEST_TAG:]
    except (zipfile.BadZipFile, EOFError) as error:
        raise _damaged(path, error) from error
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
