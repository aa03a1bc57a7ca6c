"""Which table a sheet holds: found by its headings, on whatever line they stand, whatever the file is called."""

from collections.abc import Iterator

from etl.cells import MERGED, Book, Sheet, shown
from etl.layouts import canonical, report, wide
from etl.layouts.staged import HeadingRow, Source, Staged, squashed
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


def staged(book: Book, source: Source, words: Words) -> tuple[list[Staged], list[str]]:
    """The tables of a file, one for each sheet that holds one, and notes on sheets left out or hidden.

    FileRefused where no sheet holds a known table, or one lacks a required heading; it names what is missing.
    """
    if book.kind in ("docx", "pdf"):
        return report.staged(book, source, words)
    tables, others, notes = [], [], list(book.notes)
    for sheet in book.sheets:
        found = _staged(sheet, source, words)
        if found is not None:
            tables.append(found)
        elif sheet.cells.height:
            others.append(sheet)
        if sheet.hidden:
            notes.append(f"sheet {sheet.name} is hidden; it was looked at all the same")
    if not tables:
        raise FileRefused(_no_table(book))
    return tables, [*notes, *(f"sheet {sheet.name} was left out: it holds no known table" for sheet in others)]


def _staged(sheet: Sheet, source: Source, words: Words) -> Staged | None:
    near: tuple[float, int, str] = (0, 0, "")
    for heading in _heading_rows(sheet, source):
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


def _heading_rows(sheet: Sheet, source: Source) -> Iterator[HeadingRow]:
    places = [name for name in sheet.cells.columns if name.isdigit()]
    for row in sheet.cells.head(_LOOKED_AT).iter_rows(named=True):
        cells = {int(n): row[n] for n in places if row[n] != MERGED and clean(shown(row[n]))}
        texts = {n: clean(shown(cell)) for n, cell in cells.items()}
        columns: dict[str, list[int]] = {}
        for n, text in texts.items():
            key = squashed(text)
            if name := source.columns.get(key) or OURS.get(key):
                columns.setdefault(name, []).append(n)
        if len(columns) + len(source.fixed) >= 2:
            yield HeadingRow(row["row"], row["width"], texts, cells, columns)


def _lacking(name: str, lacking: list[str], heading: HeadingRow, sheet: Sheet) -> str:
    where = f"sheet {sheet.name}: " if sheet.name else ""
    what = " and ".join(lacking)
    if name == "results" and all(column in heading.columns for column in wide.REQUIRED):
        what += ", or a column for each element (1.1.1 ...)"
    found = ", ".join(heading.texts.values())
    table = "wide results" if name == "wide" else name.replace("_", " ")
    return f"{where}this looks like a table of {table} without {what}; add what is missing (there is: {found})"


def _no_table(book: Book) -> str:
    first = next((sheet for sheet in book.sheets if sheet.cells.height), None)
    if first is None:
        return "the file holds no rows; send it again"
    row = first.cells.row(0, named=True)
    found = [clean(shown(text)) for name, text in row.items() if name.isdigit() and text.strip() and text != MERGED]
    seen = ", ".join(found)
    seen = seen if len(seen) < 200 else f"{seen[:200]} ..."
    return (
        f"no sheet has the headings of a known table; the first row is: {seen}. Use the headings that `assay` knows "
        "(department_code, assessment_type, assessed_on, element, band for results), or map yours in a source file"
    )
