"""Which table a sheet holds: found by its headings, on whatever line they stand, whatever the file is called."""

from collections.abc import Iterator

from etl.cells import MERGED, Book, Sheet, shown
from etl.layouts import canonical, matrix, report, wide, workbook
from etl.layouts.evidence_codes import EvidenceCodes
from etl.layouts.front import Front, has_labels
from etl.layouts.marks import is_said
from etl.layouts.staged import LEFT_OUT, HeadingRow, Source, Staged, squashed
from scheme.errors import FileRefused
from scheme.letters import clean
from scheme.tables import TABLES
from scheme.words import Words

# Where the headings of several tables are all there, the first of these is meant.
_PRECEDENCE = (
    *("results", "wide", "actions", "evidence", "service_standards", "customer_groups"),
    *("visits", "assessments", "certificates", "sites", "departments"),
)
_LOOKED_AT = 100  # rows, blank ones apart, among which the headings must be
OURS = {squashed(name): name for table in TABLES.values() for name in canonical.names(table)}
# What a source file may map a heading onto: our columns, and what the other layouts call theirs.
NAMES = tuple(dict.fromkeys((*OURS.values(), *workbook.COLUMNS, *matrix.COLUMNS)))


def staged(book: Book, source: Source, words: Words) -> tuple[list[Staged], list[str]]:
    """The tables of a file, one or more for each sheet that holds any, and notes on sheets left out or hidden.

    FileRefused where no sheet holds a known table, or one lacks a required heading; it names what is missing.
    """
    if book.kind in ("docx", "pdf"):
        return report.staged(book, source, words)
    tables, others, notes = [], [], list(book.notes)
    places = [_layout(sheet, source) for sheet in book.sheets]
    front, codes, begun = Front(), EvidenceCodes(), False
    for sheet, (layout, heading) in zip(book.sheets, places, strict=True):
        if layout and heading:
            begun = True
            front.read(sheet, heading.row)
            continue
        own = Front()
        # Behind the sheets that it speaks of, a front sheet must say more than one word that may be anything.
        fronts = any(layout for layout, _ in places) and own.read(sheet) and (len(own.facts) > 1 or not begun)
        found = None if fronts and not _is_table(sheet, source, words) else _staged(sheet, source, words)
        if found is not None:
            tables.append(found)
        elif fronts:
            front.read(sheet)
        elif any(layout for layout, _ in places) and has_labels(sheet):
            notes.append(f"sheet {sheet.name} was looked at as the front sheet, and nothing is filled in")
        elif sheet.height:
            others.append(sheet)
    for sheet, (layout, heading) in zip(book.sheets, places, strict=True):
        if heading and layout == "workbook":
            tables += workbook.staged(sheet, heading, front, source, words, codes)
        elif heading and layout == "matrix":
            tables.append(matrix.staged(sheet, heading, front, source, words, codes))
    for sheet in book.sheets:
        if sheet.hidden:
            notes.append(f"sheet {sheet.name} is hidden; it was looked at all the same")
    if not tables and book.kind in ("json", "ndjson") and not any(sheet.height for sheet in book.sheets):
        return [], [*notes, "there are no rows in it"]  # as of a table with headings alone, which JSON cannot have
    if not tables:
        raise FileRefused(_no_table(book))
    return tables, [*notes, *(f"sheet {sheet.name} was left out: it holds no known table" for sheet in others)]


def _layout(sheet: Sheet, source: Source) -> tuple[str | None, HeadingRow | None]:
    """Which layout a sheet has that is told by other headings than ours, and where they stand."""
    for name, layout in (("workbook", workbook), ("matrix", matrix)):
        if source.table in (None, name) and (heading := layout.found(sheet, source)):
            return name, heading
    return None, None


def _is_table(sheet: Sheet, source: Source, words: Words) -> bool:
    try:
        return _staged(sheet, source, words) is not None
    except FileRefused:
        return False


def _staged(sheet: Sheet, source: Source, words: Words) -> Staged | None:
    near: tuple[float, int, str] = (0, 0, "")
    for heading in heading_rows(sheet, source):
        for name in _PRECEDENCE:
            if source.table not in (None, name, "results" if name == "wide" else None):
                continue
            if name == "wide":
                lacking, required = wide.missing(heading, source), len(wide.REQUIRED) + 1
                elements, notes = wide.element_columns(heading, words)
                if elements and not lacking:
                    found = wide.staged(sheet, heading, source, elements)
                    found.notes += notes
                    return found
                there = (required - len(lacking)) * (len(elements) > 1)
            else:
                lacking = canonical.missing(TABLES[name], heading, source)
                if not lacking:
                    return canonical.staged(name, sheet, heading, source)
                required = sum(column.required for column in TABLES[name].columns)
                there = required - len(lacking)
            if there >= 2 and there * 2 >= required and (there / required, there) > near[:2]:
                near = (there / required, there, _lacking(name, lacking, heading, sheet))
    if near[2]:
        raise FileRefused(near[2])
    return None


def heading_rows(sheet: Sheet, source: Source) -> Iterator[HeadingRow]:
    """The rows that may be headings, as a source means them: those in which two columns or more are known."""
    for row in sheet.rows(_LOOKED_AT):
        cells = {n: cell for n, cell in enumerate(row.texts) if is_said(cell)}
        texts = {n: clean(shown(cell)) for n, cell in cells.items()}
        columns: dict[str, list[int]] = {}
        for n, text in texts.items():
            key = squashed(text)
            name = source.columns.get(key) or OURS.get(key)
            if name and name != LEFT_OUT:
                columns.setdefault(name, []).append(n)
        if len(columns) + len(source.fixed) >= 2:
            yield HeadingRow(row.number, row.width, texts, cells, columns)


def _lacking(name: str, lacking: list[str], heading: HeadingRow, sheet: Sheet) -> str:
    where = f"sheet {sheet.name}: " if sheet.name else ""
    what = " and ".join(lacking)
    if name == "results" and all(column in heading.columns for column in wide.REQUIRED):
        what += ", or a column for each element (1.1.1 ...)"
    found = ", ".join(heading.texts.values())
    table = "wide results" if name == "wide" else name.replace("_", " ")
    return f"{where}this looks like a table of {table} without {what}; add what is missing (there is: {found})"


def _no_table(book: Book) -> str:
    first = next((sheet for sheet in book.sheets if sheet.height), None)
    if first is None:
        return "the file holds no rows; send it again"
    found = [clean(shown(text)) for text in next(first.rows()).texts if text.strip() and text != MERGED]
    seen = ", ".join(found)
    seen = seen if len(seen) < 200 else f"{seen[:200]} ..."
    return (
        f"no sheet has the headings of a known table; the first row is: {seen}. Use the headings that `assay` knows "
        "(department_code, assessment_type, assessed_on, element, band for results), or map yours in a source file"
    )
