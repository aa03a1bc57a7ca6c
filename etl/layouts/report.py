"""The assessor's report (DOCX, or PDF with a text layer): results and the assessment itself (inputs.md section 2)."""

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from etl.cells import Book, Sheet, frame_of
from etl.layouts.report_cover import Cover, cover_of
from etl.layouts.report_findings import Finding, Findings, Part, findings
from etl.layouts.report_lines import Line, Year, day_of_year, lines
from etl.layouts.report_notes import Placed, left_and_summed, recognised, some
from etl.layouts.staged import Source, Staged
from scheme.errors import FileRefused
from scheme.tables import TABLES
from scheme.words import Words

_TITLES = 20  # lines at the top that may say what the document is
_NO_REPORT = (
    "no assessor's report was found in it; a report gives each element's code (1.1.1), its band and a comment, in a "
    "table or in paragraphs, and says when the visit was. Results in other documents: send them as XLSX or CSV"
)
_RESULTS = tuple(name for name in TABLES["results"].names)
_ASSESSMENT = ("assessment_code", "department_code", "assessment_type", "started_on", "ended_on", "assessor", "scope")
_ALWAYS = ("department_code", "assessment_type", "assessed_on", "element", "band")  # so that it can be mended and sent
Row = dict[str, str]


def staged(book: Book, source: Source, words: Words) -> tuple[list[Staged], list[str]]:
    """The results of this assessment, those of earlier years that have a band, and the assessment where it is stated.

    FileRefused where no report is found, or where it does not say what it must and the source's [fixed] does not.
    """
    all_lines = lines(book)
    title = all_lines[:_TITLES]
    plus_only = bool(re.search(r"compliance[\s-]*plus report", " ".join(line.text for line in title), re.I))
    found = findings(all_lines, book.kind, plus_only, source, words)
    if not found.found:
        raise FileRefused(_NO_REPORT)
    title = [line for line in title if line.row < found.found[0].line.row]
    cover = cover_of(found.rest, title, source, words)
    doubts = [*found.doubts, *cover.doubts]
    if not any(re.search(r"report|assess|review|excellence", line.text, re.I) for line in title):
        doubts.append("nothing at its beginning says that it is a report")
    years: dict[tuple[int, int], Year] = {}
    for year in (part.year for finding in found.found for part in finding.parts if part.year):
        years.setdefault(year.key, year)
    current = _current(years, cover, doubts)
    scope = {code for text in cover.scope.split(";") if (code := words.element(text)[0])}
    notes: list[str] = []
    rows = [row for finding in found.found if (row := _row(finding, current, cover, source, scope, words))]
    _fill_overviews(rows, words)
    tables = [_staged("results", _frame(rows, _RESULTS), None)]
    tables += _earlier(found, years, current, cover, source, notes)
    if assessment := _assessment(cover):
        tables.insert(0, _staged("assessments", _frame([assessment], tuple(assessment[1])), "assessment"))
    for table in tables:
        table.layout, table.certainty = "report", "likely" if doubts else "sure"
    results = tables[1 if assessment else 0]
    results.notes += [*notes, *left_and_summed(rows, found, cover, plus_only, words)]
    return tables, [*book.notes, *recognised(rows, found, cover, doubts, words), *cover.notes]


def _current(years: Mapping[tuple[int, int], Year], cover: Cover, doubts: list[str]) -> tuple[int, int] | None:
    """Which year of a rolling programme this assessment is; FileRefused where the report does not tell."""
    if not years:
        return None
    on = cover.days[-1]
    dated = [key for key, year in years.items() if day_of_year(year, cover.years) == on]
    dated = dated or [key for key, year in years.items() if year.year == on.year]
    if dated:
        return max(dated)
    labels = ", ".join(years[key].label for key in sorted(years))
    if any(year.year for year in years.values()):
        example = years[max(years)].label
        raise FileRefused(
            f"the report holds paragraphs of several years ({labels}), and none of them is {on.year}, the year of its "
            f'{cover.said}; say which day is meant in a source file, as [years] "{example}" = {on}'
        )
    doubts.append(f"{years[max(years)].label} was taken for this year's paragraphs, as the last of {labels}")
    return max(years)


def _row(
    finding: Finding,
    current: tuple[int, int] | None,
    cover: Cover,
    source: Source,
    scope: set[str],
    words: Words,
) -> Placed | None:
    """An element's row of this assessment; None where the report speaks of it in earlier years alone."""
    own = [part for part in finding.parts if _is_own(part, current)]
    earlier = [part for part in finding.parts if part not in own]
    if earlier and not own and finding.band is None:
        return None
    bands = [band for band in (finding.band, *(part.band for part in own)) if band]
    fault = None
    if len({words.band(band) for band in bands}) > 1:
        fault = f"its bands differ ({' and '.join(bands)}); correct one of them"
    only_earlier = bool(earlier) and not own
    outside = words.element(finding.element)[0] not in scope if scope else only_earlier
    row = _shared(cover, source) | {
        "element": finding.element,
        "band": bands[0] if bands else "",
        "comment": "\n".join(_with_label(part) if only_earlier else part.text for part in own or earlier if part.text),
        "restated": "yes" if outside else "",
    }
    return finding.line, row | finding.cells, fault


def _is_own(part: Part, current: tuple[int, int] | None) -> bool:
    return part.year is None or part.year.key == current


def _with_label(part: Part) -> str:
    return f"{part.year.label}: {part.text}" if part.year else part.text


def _shared(cover: Cover, source: Source) -> Row:
    """What all results of a report have in common."""
    fixed = {name: text for name, text in source.fixed.items() if name in _RESULTS}
    code = cover.reference or (_code(cover) if cover.scope else "")
    return fixed | {
        "department_code": cover.department,
        "assessment_type": cover.assessment_type,
        "assessed_on": cover.days[-1].isoformat(),
        "assessor": cover.assessor,
        "assessment_code": code,
    }


def _fill_overviews(rows: list[Placed], words: Words) -> None:
    """An element listed in an overview and judged again below, alike: the overview says the same, so is a duplicate."""
    by_element: dict[str | None, list[Row]] = {}
    for _, row, _ in rows:
        by_element.setdefault(words.element(row["element"])[0], []).append(row)
    for code, same in by_element.items():
        full = [row for row in same if row["comment"]]
        for row in same:
            if code and full and not row["comment"] and words.band(row["band"]) == words.band(full[0]["band"]):
                row.update(full[0])


def _earlier(
    found: Findings,
    years: Mapping[tuple[int, int], Year],
    current: tuple[int, int] | None,
    cover: Cover,
    source: Source,
    notes: list[str],
) -> list[Staged]:
    """By year, the bands that paragraphs of earlier years give; without a known day they are set aside."""
    tables = []
    for key in sorted(years):
        parts = [(f, p) for f in found.found for p in f.parts if p.year and p.year.key == key != current]
        rows = []
        on, label = day_of_year(years[key], cover.years), years[key].label
        fault = (
            None
            if on
            else (
                f"it is of {label}, and the report does not say on which day that was; put it into a source file, as "
                f'[years] "{label}" = {key[0] or 2024}-03-07'
            )
        )
        for finding, part in parts:
            if part.band:
                row = _shared(cover, source) | {"element": finding.element, "band": part.band, "comment": part.text}
                row |= {"assessed_on": on.isoformat() if on else "", "assessment_code": "", "assessor": ""}
                rows.append((part.line, row, fault))
        silent = [f.element for f, part in parts if not part.band and any(_is_own(other, current) for other in f.parts)]
        if silent:
            notes.append(f"paragraphs of {label} that give no band are no results, and were left out: {some(silent)}")
        if rows:
            tables.append(_staged("results", _frame(rows, _RESULTS), label))
            kind = cover.assessment_type.replace("_", " ")
            when = f"on {on:%-d %B %Y}, of the same type ({kind})" if on else "on a day that is not known"
            tables[-1].notes.append(f"results of {label}, an earlier assessment {when}")
    return tables


def _code(cover: Cover) -> str:
    return f"{cover.department or 'corporate'} {cover.assessment_type} {cover.days[-1]}"


def _assessment(cover: Cover) -> Placed | None:
    """The assessment, where the report gives its reference or its scope.

    Without either there is no row: one without a scope would say of an assessment that is known already that nothing
    in it is restated (measures.md section 1).
    """
    if not (cover.reference or cover.scope):
        return None
    values = (cover.department, cover.assessment_type, cover.days[0].isoformat(), cover.days[-1].isoformat())
    row = dict(zip(_ASSESSMENT, (cover.reference or _code(cover), *values, cover.assessor, cover.scope), strict=True))
    return Line(cover.row, "the cover", "", ()), row | {"recommendation": cover.recommendation}, None


def _frame(rows: Sequence[Placed], names: Iterable[str]) -> pl.DataFrame:
    own = [name for name in names if name in _ALWAYS or any(row.get(name) for _, row, _ in rows)]
    columns = {
        "row_number": pl.Series([line.row for line, _, _ in rows], dtype=pl.Int64),
        "at": pl.Series([None] * len(rows), dtype=pl.String),
        "fault": pl.Series([fault for _, _, fault in rows], dtype=pl.String),
        "where": pl.Series([line.where for line, _, _ in rows], dtype=pl.String),
    }
    return pl.DataFrame(columns | {n: pl.Series([row.get(n, "") for _, row, _ in rows], dtype=pl.String) for n in own})


def _staged(table: str, rows: pl.DataFrame, sheet: str | None) -> Staged:
    """The rows, and as their sender's own cells a table that can be mended and sent as it is, with its place beside."""
    rows = rows.sort("row_number", maintain_order=True)
    names = [name for name in rows.columns if name not in ("row_number", "at", "fault", "where")]
    heads = dict(enumerate([*names, "place in the report"]))
    cells = frame_of(
        (row["row_number"], [*(row[n] for n in names), row["where"]]) for row in rows.iter_rows(named=True)
    )
    return Staged(table, rows.drop("where"), Sheet(sheet, cells), heads, ())
