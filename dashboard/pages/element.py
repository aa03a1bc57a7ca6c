"""Elements: all of them with how they stand, or one of them with all that is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.behind import full_years
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count
from scheme.errors import UsageError
from scheme.exemplars import WORSE
from scheme.standard import ALL_BANDS, BANDS, Element, Standard

Names = Mapping[str | None, str]  # of departments; None is the corporate body
NOTE = "Departments with a band of their own; what is rolled up from below is not counted twice."


@dataclass(frozen=True)
class Known:
    """What the pages of elements are made of, all of it cut to what may be seen and to the department asked for below.

    standing: rows of scheme.standing.STANDING with since_on. departments: codes of those active on the day, the
    corporate body left out. lessons: scheme.exemplars.LESSONS, of one element. actions: open ones.
    """

    standard: Standard
    day: date
    cycle_years: int
    standing: pl.DataFrame
    departments: Sequence[str]
    lessons: pl.DataFrame
    exemplars: pl.DataFrame
    actions: pl.DataFrame
    names: Names
    paths: Names


@dataclass(frozen=True)
class Of:
    """What is known of one element beside Known, whose frames are cut to it: everything here is about it alone.

    looked_at: the departments' own results that moved something. elsewhere: names of departments out of sight that hold
    compliance plus, and since when. due: coverage by certificate with the next planned look; None: not for this reader.
    """

    element: Element
    looked_at: pl.DataFrame
    evidence: pl.DataFrame
    elsewhere: Sequence[tuple[str, date]]
    due: pl.DataFrame | None
    department: str
    certificate: str | None  # the one that covers the department
    enters: bool


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Elements",
        components.headline(ids.ELEMENT_HEADLINE),
        components.filter_bar("element", "as_of", "basis", components.Choice("element", "Element"), "department"),
        components.place(ids.ELEMENT_BODY),
    )


def chosen(asked: Filters, standard: Standard) -> Element | None:
    """The element asked for, None for all; UsageError where the standard has no such element."""
    if asked.element and asked.element not in standard.element:
        raise UsageError(f"{standard.title} has no element {asked.element}; choose one in the list Element")
    return standard.element[asked.element] if asked.element else None


def options(standard: Standard) -> str:
    """The elements to choose from."""
    every = [(element.code, f"{element.code} {element.title}") for element in standard.elements]
    return components.options(element=[("", "All elements"), *every])


def own(known: Known) -> pl.DataFrame:
    """The standing of departments by bands of their own, without the corporate body."""
    return known.standing.filter(~pl.col("rolled_up"), pl.col("department_code").is_not_null())


def headline(known: Known) -> str:
    """In how many elements somebody is partial or worse, and how many of these somebody else does well."""
    standing = own(known)
    worse = set(standing.filter(pl.col("band").is_in(WORSE))["element"])
    if standing.is_empty():
        return "Nothing was assessed up to this day."
    every = count(len(known.standard.elements), "element")
    if not worse:
        return f"No department is partial or worse in any of {every}."
    learnt = len(worse & set(known.exemplars["element"]))
    said = f"In {len(worse)} of {every} somebody is partial or worse"
    return f"{said}; in {learnt or 'none'} of these somebody else holds compliance plus."


def criteria(known: Known, asked: Filters) -> Component:
    """The criteria as chips with how many elements each has."""
    items = [("All", len(known.standard.elements), asked.href(criterion=""), not asked.criterion)]
    for criterion in known.standard.criteria:
        words = f"{criterion.code} {criterion.title}"
        href, is_chosen = asked.href(criterion=criterion.code), asked.criterion == criterion.code
        items.append((words, len(criterion.elements), href, is_chosen))
    return components.chips(items, "Show a criterion")


def elements_table(known: Known, asked: Filters) -> str:
    """Every element: how many departments have each band, how many exemplars and open actions there are."""
    standing = own(known)
    counts = counted(standing, known.standard.codes, len(known.departments) - _rolled(known))
    late = pl.col("due_on") < known.day
    actions = {
        code: (number, overdue)
        for code, number, overdue in known.actions.group_by("element")
        .agg(pl.len(), late.fill_null(value=False).sum().alias("late"))
        .iter_rows()
    }
    columns = [
        Column("element", "Element", width=240),
        Column("bands", "Departments by band", "counts", NOTE, sortable=False),
        Column("worse", "Partial or worse", "number", first_descending=True),
        Column("best", known.standard.bands[0].label, "number", first_descending=True),
        Column("actions", "Open actions", "number", first_descending=True),
        Column("late", "Overdue", "number", first_descending=True),
    ]
    rows = []
    for element in known.standard.elements:
        if asked.criterion and element.criterion != asked.criterion:
            continue
        told, (number, overdue) = counts[element.code], actions.get(element.code, (0, 0))
        cells = [
            table.text(f"{element.code} {element.title}", None, asked.href(element=element.code, criterion="")),
            table.counts(*told),
            told[2] + told[3],
            told[0],
            number,
            overdue,
        ]
        rows.append(Row(element.code, cells, name=element.code))
    said = f"{count(len(rows), 'element')} shown"
    return table.table_json("Elements", columns, rows, bands=known.standard.bands, find="url", say=said, note=NOTE)


def _rolled(known: Known) -> int:
    """How many departments have nothing but rolled-up bands."""
    codes = known.standing.filter(pl.col("department_code").is_not_null())
    judged = codes.group_by("department_code").agg(pl.col("rolled_up").all())
    return judged.filter("rolled_up").height


def counted(
    standing: pl.DataFrame, codes: Sequence[str], departments: int
) -> dict[str, tuple[int, int, int, int, int, int]]:
    """By element how many departments are in each band of ALL_BANDS, and of how many there is none."""
    rows = standing.group_by("element", "band").len().iter_rows()
    number = {(element, band): found for element, band, found in rows}
    found: dict[str, tuple[int, int, int, int, int, int]] = {}
    for code in codes:
        plus, compliant, partial, non, other = (number.get((code, band), 0) for band in ALL_BANDS)
        missing = departments - plus - compliant - partial - non - other
        found[code] = plus, compliant, partial, non, other, max(missing, 0)
    return found


def everything(known: Known, asked: Filters) -> Component:
    """The page without an element: the criteria, and the list of all elements."""
    return components.stack(criteria(known, asked), components.table(ids.ELEMENT_LIST, elements_table(known, asked)))


def band_of(known: Known, row: Mapping[str, object]) -> table.Cell:
    """A row of standing as a band cell."""
    assessed_on = row["assessed_on"]
    age = full_years(assessed_on, known.day) if isinstance(assessed_on, date) else 0
    return table.band(
        str(row["band"]),
        age,
        old=age >= known.cycle_years,
        rolled_up=bool(row["rolled_up"]),
        worse_below=bool(row["worse_below"]),
    )


def badness(band: str) -> int:
    """The worst band first; beside the scale last."""
    return -BANDS.index(band) if band in BANDS else 1


def nobody(asked: Filters) -> Component:
    """What stands there where nothing was assessed of an element."""
    return html.P(["Nobody was assessed here up to this day. ", html.A("All elements", href=asked.href(element=""))])
