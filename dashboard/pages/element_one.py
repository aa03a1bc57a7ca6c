"""One element: what it asks, how it stands everywhere, who does it well and who could learn, what is done and due."""

from collections.abc import Sequence

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table, words
from dashboard.figures import figure
from dashboard.filters import Filters
from dashboard.pages import element_here, element_work
from dashboard.pages.element import Known, Of, badness, band_of, counted, nobody, own
from dashboard.table import Column, Row
from dashboard.theme import band_colour
from scheme.exemplars import WORSE
from scheme.standard import ALL_BANDS, BANDS, code_order

_NAMED = 4  # of those who could learn from an exemplar


def headline(known: Known, of: Of) -> str:
    """How many are partial or worse, how many do it well, what is being done."""
    standing = own(known)
    if standing.is_empty():
        return f"{of.element.code} {of.element.title}: nobody was assessed in it up to this day."
    worse, best = standing.filter(pl.col("band").is_in(WORSE)).height, standing.filter(band=BANDS[0]).height
    label = known.standard.bands[0].label.lower()
    every = words.count(standing.height, "department")
    said = f"{worse or 'None'} of {every} {'is' if worse < 2 else 'are'} partial or worse, {best or 'none'} "
    said += f"{'hold' if best != 1 else 'holds'} {label}"
    open_ones = known.actions.height
    late = known.actions.filter(pl.col("due_on") < known.day).height
    overdue = f" ({late} overdue)" if late else ""
    is_are = "is" if open_ones == 1 else "are"
    return f"{said}; {words.count(open_ones, 'action')} {is_are} open{overdue}."


def page(known: Known, of: Of, asked: Filters, promises: Sequence[Component] = ()) -> Component:
    """The page of one element; the department asked for comes first. `promises`: the service standards about it."""
    parts: list[Component | None] = [
        html.H2(f"{of.element.code} {of.element.title}"),
        _asks(known, of),
        element_here.department(known, of, asked) if of.department else None,
        element_here.elsewhere(of) if of.elsewhere else None,
    ]
    if known.standing.is_empty():
        parts.append(nobody(asked))
    else:
        parts += [_bands(known, of), _departments(known, asked), _exemplars(known, asked)]
    parts += [
        element_work.actions(known, of.element.code, of.enters, asked),
        element_work.evidence(known, of.evidence),
        *promises,
        _years(known, of),
        element_work.due(known, of.due, asked) if of.due is not None else None,
    ]
    return components.stack(*(part for part in parts if part is not None))


def _asks(known: Known, of: Of) -> Component:
    element = of.element
    criterion = next(one for one in known.standard.criteria if one.code == element.criterion)
    sub = next((one for one in criterion.sub_criteria if one.code == element.sub_criterion), None)
    where = [f"{criterion.code} {criterion.title}", *([f"{sub.code} {sub.title}"] if sub else [])]
    return components.card(
        "What it asks",
        html.P(element.guidance or element.title),
        html.P(" › ".join(where), className="d-soft"),
    )


def _bands(known: Known, of: Of) -> Component:
    standard, code = known.standard, of.element.code
    judged = known.standing.filter(pl.col("department_code").is_not_null())
    rolled = judged.filter("rolled_up").height
    numbers = counted(own(known), [code], len(known.departments) - rolled)[code]
    labels = [*(band.label for band in standard.bands), "Not assessed"]
    colours = [band_colour(band) for band in (*ALL_BANDS, None)]
    told = [(label, number, paint) for label, number, paint in zip(labels, numbers, colours, strict=True) if number]
    told = told[::-1]  # a bar chart draws from the bottom up
    drawn = figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "y": [label for label, _, _ in told],
                "x": [number for _, number, _ in told],
                "text": [str(number) for _, number, _ in told],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": [paint for _, _, paint in told]},
                "hoverinfo": "skip",
            }
        ],
        height=70 + 34 * len(told),
        xaxis={"rangemode": "tozero", "showticklabels": False, "showgrid": False},
    )
    rows = [Row(label, [label, number]) for label, number in zip(labels, numbers, strict=True)]
    body = table.table_json(
        "Departments by band", [Column("band", "Band"), Column("number", "Departments", "number")], rows, find=False
    )
    also = f" {words.count(rolled, 'more has', 'more have')} a band rolled up from below." if rolled else ""
    return components.chart(
        ids.ELEMENT_BANDS,
        "Bands everywhere",
        drawn,
        body,
        f"{words.count(sum(numbers), 'department')} by the band of their own.{also}",
        explains="counts",
    )


def _departments(known: Known, asked: Filters) -> Component:
    """Every department with a band, the worst first, and who is nearest to learn from."""
    first = known.lessons.filter(place=1)
    nearest = dict(first.select("department_code", "exemplar").iter_rows())
    actions = dict(known.actions.group_by("department_code").len().iter_rows())
    found = sorted(
        known.standing.iter_rows(named=True),
        key=lambda row: (badness(row["band"]), row["rolled_up"], code_order(row["department_code"])),
    )
    columns = [
        Column("department", "Department"),
        Column("band", "Band", "band"),
        Column("since", "Since", "day"),
        Column("looked_at", "Last looked at", "day"),
        Column("learn", "Nearest who does it well", width=150),
        Column("actions", "Open actions", "number"),
    ]
    rows = []
    for row in found:
        code = row["department_code"]
        teacher = nearest.get(code)
        cells = [
            table.text(known.names.get(code) or "", known.paths.get(code) or None, asked.href(department=code or "")),
            band_of(known, row),
            None if row["rolled_up"] else row["since_on"],
            row["assessed_on"],
            teacher and known.names.get(teacher),
            actions.get(code),
        ]
        rows.append(Row(code or "", cells, muted=row["rolled_up"]))
    body = table.table_json("Departments, the worst first", columns, rows, bands=known.standard.bands, find="url")
    return components.table(ids.ELEMENT_DEPARTMENTS, body)


def _exemplars(known: Known, asked: Filters) -> Component | None:
    """Who holds compliance plus, and who could learn from each."""
    if known.exemplars.is_empty():
        return html.P(f"Nobody shown here holds {known.standard.bands[0].label.lower()} in it.", className="d-soft")
    rolled = known.standing.select("department_code", "rolled_up")
    # those with a band of their own first: what is rolled up is mended below
    ordered = known.lessons.join(rolled, on="department_code", nulls_equal=True).sort("rolled_up", "place")
    learners = dict(ordered.group_by("exemplar").agg("department_code").iter_rows())
    columns = [
        Column("department", known.standard.bands[0].label),
        Column("since", "Since", "day"),
        Column("looked_at", "Last looked at", "day"),
        Column("learn", "Who could learn, the nearest first", width=260, sortable=False),
    ]
    rows = [
        Row(
            row["department_code"],
            [
                table.text(
                    known.names.get(row["department_code"]),
                    known.paths.get(row["department_code"]) or None,
                    asked.href(department=row["department_code"]),
                ),
                row["since_on"],
                row["assessed_on"],
                _first(known, learners.get(row["department_code"], [])) or None,
            ],
        )
        for row in known.exemplars.sort("since_on", maintain_order=True).iter_rows(named=True)
    ]
    return components.table(ids.ELEMENT_EXEMPLARS, table.table_json("Who does it well", columns, rows, find=False))


def _first(known: Known, codes: Sequence[str | None]) -> str:
    """The first departments by name and how many more; of thousands nobody needs the other names."""
    named = [known.names.get(code) or "" for code in codes[:_NAMED]]
    return words.listing([*named, *[""] * (len(codes) - len(named))], _NAMED)


def _years(known: Known, of: Of) -> Component | None:
    """What assessors found when they looked, by calendar year."""
    if of.looked_at.is_empty():
        return None
    by_year = of.looked_at.with_columns(year=pl.col("assessed_on").dt.year())
    rows = []
    for year in sorted(by_year["year"].unique(), reverse=True):
        bands = dict(by_year.filter(year=year).group_by("band").len().iter_rows())
        plus, compliant, partial, non, other = (bands.get(band, 0) for band in ALL_BANDS)
        told = table.counts(plus, compliant, partial, non, other, 0)
        rows.append(Row(str(year), [str(year), sum(bands.values()), told]))
    columns = [
        Column("year", "Year"),
        Column("looks", "Departments' results", "number", "Results of departments as a whole, not restated"),
        Column("bands", "Found", "counts", sortable=False),
    ]
    body = table.table_json("What was found, year by year", columns, rows, bands=known.standard.bands, find=False)
    years = words.count(len(rows), "year")
    return components.details(f"What was found, year by year ({years})", components.table(ids.ELEMENT_YEARS, body))
