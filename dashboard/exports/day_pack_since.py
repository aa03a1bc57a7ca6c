"""Since last time, element by element: what a day pack tells of the department reviewed and of those below it."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import table
from dashboard.exports.day_pack_known import Known, grid
from dashboard.exports.document import Block, Grid, Heading, Page, Paragraph
from dashboard.pages.journey import KINDS
from dashboard.table import Column, Row
from dashboard.words import count, day, listing, sentence
from scheme.since import happened

_FEW = 8  # elements that the first sentence names


def since_last_time(known: Known) -> Page:
    """What moved since the last review, every element of the department reviewed, and those below it in short."""
    own = known.since.filter(pl.col("department_code").eq_missing(pl.lit(known.department, pl.String)))
    others = known.since.filter(~pl.col("department_code").eq_missing(pl.lit(known.department, pl.String)))
    blocks: list[Block] = [Paragraph(told(own), "lead")]
    if own.height:
        blocks += [_elements(known, own)]
    if others["reviewed_on"].drop_nulls().len():
        blocks += [Heading(2, "Departments below"), _departments(known, others)]
    return Page("element", "Since last time", known.address("element"), tuple(blocks), known.filters)


def told(own: pl.DataFrame) -> str:
    """When last time was, what it moved, and what moved since; rows of scheme.since.SINCE of one department."""
    last = own["reviewed_on"].max() if own.height else None
    if last is None:
        return "No review has been held before, so there is nothing since last time."
    then, since = _moved(own, "found"), _moved(own, "change")
    unseen = own.filter(pl.col("looked_on").is_null()).height
    never = f" {sentence(count(unseen, 'element'))[:-1]} nobody has looked at yet." if unseen else ""
    at_last = f"Last time, on {day(last)}, {then}."  # type: ignore[arg-type]  # a date
    return f"{at_last} Since then {since}.{never}"


def _moved(own: pl.DataFrame, name: str) -> str:
    """2 elements went down (1.1.1 and 2.1.3) and 1 element went up (3.1.1)."""
    said = []
    for change, way in (("worse", "down"), ("better", "up")):
        codes = own.filter(pl.col(name) == change)["element"].to_list()
        said += [f"{count(len(codes), 'element')} went {way} ({listing(codes, _FEW)})"] if codes else []
    return listing(said) if said else "no band moved"


def _elements(known: Known, own: pl.DataFrame) -> Grid:
    taken = set(known.review.taken) if known.review else set()
    columns = [
        Column("element", "Element"),
        Column("now", "This time", title="Whether this review looks at it"),
        Column("looked", "Last looked at", "day"),
        Column("before", "Before", "band", "The band in force before the last review"),
        Column("then", "Last time", "band", "The band in force at the end of the last review"),
        Column("band", "Now", "band", "The band in force"),
        Column("since", "Since it was looked at"),
        Column("evidence", "Evidence", title="How many pieces there are"),
    ]
    rows, by_code = [], {row["element"]: row for row in own.iter_rows(named=True)}
    for criterion in known.standard.criteria:
        rows.append(Row(f"criterion-{criterion.code}", [f"{criterion.code} {criterion.title}", *[None] * 7], open=True))
        for code in criterion.elements:
            title = f"{code} {known.standard.element[code].title}"
            rows.append(Row(code, [title, *_cells(known, by_code[code], code in taken)], depth=1))
    when = f"Last time is the last review, on {day(known.last_on)}. " if known.last_on else ""
    note = f"{when}What happened since counts from the day on which each element was last looked at."
    caption = f"Every element since last time, {known.names.get(known.department)}"
    return grid("day-pack-since", caption, columns, rows, known, note)


def _cells(known: Known, row: Mapping[str, Any], is_taken: bool) -> list[Any]:
    pieces = f"{row['evidence']}" if row["evidence"] else "none"
    return [
        "yes" if is_taken else "no",
        table.day(row["looked_on"], KINDS.get(row["looked_type"], "").lower() or None),
        *(band(known, row[name], None) for name in ("band_before", "band_then")),
        band(known, row["band"], row["looked_on"]),
        happened(row) or None,
        table.text(pieces, f"{row['expired']} expired" if row["expired"] else None),
    ]


def band(known: Known, code: str | None, on: Any) -> Any:
    """The cell of a band, fading with its age; None is not assessed."""
    return table.band(code, (known.day - on).days // 365 if on else 0) if code else None


def _departments(known: Known, rows: pl.DataFrame) -> Grid:
    columns = [
        Column("department", "Department"),
        Column("last", "Last review", "day"),
        Column("worse", "Went down", "number", "Elements that the last review moved down"),
        Column("better", "Went up", "number", "Elements that the last review moved up"),
        Column("partial", "Partial now", "number"),
        Column("non", "Non-compliant now", "number"),
        Column("open", "Actions open", "number"),
        Column("overdue", "Overdue", "number"),
    ]
    summed = rows.group_by("department_code", maintain_order=True).agg(
        pl.col("reviewed_on").first(),
        worse=(pl.col("found") == "worse").sum(),
        better=(pl.col("found") == "better").sum(),
        partial=(pl.col("band") == "partial").sum(),
        non=(pl.col("band") == "non_compliant").sum(),
        open=pl.col("open").sum(),
        overdue=pl.col("overdue").sum(),
    )
    listed = [Row(code or "", [known.names.get(code) or code or "", *rest]) for code, *rest in summed.iter_rows()]
    return grid("day-pack-departments", "Departments below, since the last review of each", columns, listed, known)
