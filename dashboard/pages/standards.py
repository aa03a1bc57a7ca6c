"""Service standards: what departments promise, whether they keep it, how it moves, and what a charter still lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, figures, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, listing
from scheme.service_standards import KEPT, OUTCOMES, Point
from scheme.standard import Subject

Names = Mapping[str | None, str]
NOTHING = "No promise has been sent yet, so nothing can be said of how it is kept."
NO_PROMISES = (
    "No service standards are known here on this day",
    "Load a table of them (department_code, promise, period, achieved; and target, direction, channel, unit, "
    "benchmark, elements, published_link where you have them), or choose another day or department.",
)
# The subjects of the standard by which promises are gathered, in the order of the chips.
GATHERED = ("standards", "quality", "satisfaction", "complaints")
CHARTS = 6  # drawn at once: each is followed by its data
OUTCOME = {"missed": "Missed", "met": "Met", "no_direction": "Direction not said", "no_target": "No target"}
_SIGNS = {"missed": "fails", "met": "passes", "no_direction": "indication", "no_target": "indication"}
_TREND = {
    "better": "Better each time",
    "worse": "Worse each time",
    "same": "The same",
    "mixed": "Up and down",
    "higher": "Higher each time",
    "lower": "Lower each time",
}
_BESIDE = {"better": "better than the benchmark", "worse": "worse than the benchmark", "same": "as the benchmark"}
_POINTS = {
    "target": "Each promise has a target, as a number",
    "channel": "Each promise says for which channel it is: phone, letter, counter, online",
    "direction": "Each promise says whether higher or lower is better",
    "published": "Each promise says where customers can read it",
    "recent": "Each promise has a result from the last twelve months",
    "benchmark": "Each promise is compared with others",
    "quality": "There is a promise about speed or quality",
    "complaints": "There is a promise about complaints",
    "satisfaction": "There is a promise about satisfaction",
    "contact": "Who runs the service, where, when and how it is reached",
    "duties": "What customers can do to help: what to bring, what to tell",
    "complain": "How to complain, and when an answer comes",
    "redress": "What happens when a promise is not kept",
    "agreed": "With whom it was agreed, and when it is looked at again",
    "formats": "Where it can be had in other languages and formats",
}
_STATES = {"all": "passes", "some": "incomplete", "none": "fails", "unknown": "indication"}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Service standards",
        components.headline(ids.STANDARDS_HEADLINE),
        components.filter_bar("standards", "as_of", "department"),
        components.stack(
            html.Div(id=ids.STANDARDS_EMPTY),
            html.Div(id=ids.STANDARDS_CHIPS),
            components.table_place(ids.STANDARDS_TABLE),
            html.Div(id=ids.STANDARDS_CHARTS),
            html.Div(id=ids.STANDARDS_CHARTER),
            components.details(
                "How this is read",
                html.P(
                    "A promise is met where what was achieved is the target or beyond it, in the direction that its "
                    "sender names. Periods are put in order where each is a month, a quarter or a year that Assay "
                    "knows (2025-Q3, 2025-26 Q1, March 2025, 2025-26, 2025); otherwise they stay as they were loaded "
                    "and no trend is told. A trend compares the last three periods of one length."
                ),
            ),
        ),
    )


def about(every: pl.DataFrame, subjects: Sequence[Subject], asked: Filters) -> pl.DataFrame:
    """The promises about the subject that is asked for, all where none is."""
    codes = next((each.elements for each in subjects if each.code == asked.mode and asked.mode in GATHERED), None)
    return (
        every if codes is None else every.filter(pl.col("elements").list.set_intersection(list(codes)).list.len() > 0)
    )


def shown(own: pl.DataFrame, asked: Filters) -> pl.DataFrame:
    """The promises with the outcome that is asked for, missed ones first."""
    turn = pl.col("outcome").replace_strict({outcome: place for place, outcome in enumerate(OUTCOMES)})
    rows = own.filter(outcome=asked.status) if asked.status in OUTCOMES else own
    return rows.sort(turn, maintain_order=True)


def headline(own: pl.DataFrame) -> str:
    """How many promises were met in their newest period, and how many cannot be judged."""
    if own.is_empty():
        return "No promise is about this."
    number = {outcome: own.filter(outcome=outcome).height for outcome in OUTCOMES}
    judged = number["met"] + number["missed"]
    told = f"{number['met'] or 'None'} of {count(judged, 'promise')} with a target" if judged else "No promise"
    said = (
        f"{told} {'was' if number['met'] == 1 else 'were'} met in the newest period"
        if judged
        else f"{told} has a target"
    )
    worse = own.filter(trend="worse").height
    said += f"; {count(worse, 'promise')} {'gets' if worse == 1 else 'get'} worse each time." if worse else "."
    unknown = own.height - judged
    return said + (f" {count(unknown, 'promise').capitalize()} cannot be judged." if unknown and judged else "")


def chips(every: pl.DataFrame, own: pl.DataFrame, subjects: Sequence[Subject], asked: Filters) -> list[Component]:
    """What the promises are about, then what became of them; the ones chosen filter the table."""
    gathered = [each for each in subjects if each.code in GATHERED]
    known = [each.code for each in gathered]
    items = [("About anything", every.height, asked.href(mode=""), asked.mode not in known)]
    for each in gathered:
        number = about(every, subjects, _with_mode(asked, each.code)).height
        items.append((each.title, number, asked.href(mode=each.code), asked.mode == each.code))
    states = [("All", own.height, asked.href(status=""), asked.status not in OUTCOMES)]
    for outcome in OUTCOMES:
        number = own.filter(outcome=outcome).height
        if number or outcome in ("missed", "met", asked.status):
            states.append((OUTCOME[outcome], number, asked.href(status=outcome), asked.status == outcome))
    about_chips = [components.chips(items, "Show promises about")] if gathered else []
    return [*about_chips, components.chips(states, "Show promises that are")]


def _with_mode(asked: Filters, mode: str) -> Filters:
    return Filters(asked.page, asked.as_of, mode=mode)


def standards_table(rows: pl.DataFrame, names: Names, paths: Names, asked: Filters) -> str:
    """Every promise shown, in its newest period."""
    columns = [
        Column("promise", "Promise", width=210),
        Column("outcome", "Kept", "status", "What became of it in its newest period"),
        Column("department", "Department", width=150),
        Column("achieved", "Achieved", "number"),
        Column("target", "Target", "number"),
        Column("unit", "Unit"),
        Column("period", "Period", width=80),
        Column("trend", "Trend", title="How the last three periods moved", width=120),
        Column("benchmark", "Benchmark", "number"),
    ]
    return table.table_json(
        "Promises in their newest period, missed ones first",
        columns,
        [_row(row, names, paths, asked) for row in rows.iter_rows(named=True)],
        find="url",
        empty="No promise matches.",
        say=f"{count(rows.height, 'row')} shown",
    )


def _row(row: Mapping[str, Any], names: Names, paths: Names, asked: Filters) -> Row:
    code = row["department_code"]
    return Row(
        f"{code}~{row['promise']}~{row['channel'] or ''}",
        [
            table.text(row["promise"], " · ".join(filter(None, (row["channel"], ", ".join(row["elements"])))) or None),
            table.status(_SIGNS[row["outcome"]], OUTCOME[row["outcome"]]),
            table.text(names.get(code) or code, paths.get(code) or None, asked.href("department", department=code)),
            row["achieved"],
            row["target"],
            row["unit"],
            row["period"],
            moved(row),
            row["benchmark"],
        ],
        name=row["promise"],
    )


def moved(row: Mapping[str, Any]) -> str:
    """A promise's trend in words, or why none is told."""
    if row["trend"]:
        return _TREND[row["trend"]]
    return "Too few periods" if row["is_ordered"] else "Order not known"


def _amount(value: float | None, unit: str | None) -> str:
    if value is None:
        return ""
    return f"{value:,g}{'%' if unit == '%' else f' {unit}' if unit else ''}"


def charts(rows: pl.DataFrame, series: pl.DataFrame, names: Names) -> list[Component]:
    """The first promises shown, period by period, each drawing followed by its data."""
    if rows.is_empty():
        return []
    first = list(rows.head(CHARTS).iter_rows(named=True))
    few = f"The first {CHARTS} of the {rows.height:,} promises shown above, missed ones first."
    about_them = few if rows.height > CHARTS else "The promises shown above."
    drawn = [_chart(number, row, series, names) for number, row in enumerate(first)]
    return [html.H2("Period by period"), html.P(about_them), html.Div(drawn, className="cards charts")]


def _chart(number: int, row: Mapping[str, Any], series: pl.DataFrame, names: Names) -> Component:
    code, channel = row["department_code"], pl.lit(row["channel"], pl.String)
    own = series.filter(department_code=code, promise=row["promise"])
    own = own.filter(pl.col("channel").eq_missing(channel)).tail(KEPT)
    where = f" ({row['channel']})" if row["channel"] else ""
    return components.chart(
        f"standards-chart-{number}",
        f"{row['promise']}{where}",
        figures.periods(own, row["unit"] or ""),
        _periods_table(f"{row['promise']}{where}, {names.get(code) or code}", own, row["unit"]),
        f"{names.get(code) or code}. {sentence(row)}",
        explains="promises",
    )


def sentence(row: Mapping[str, Any]) -> str:
    """A promise in its newest period, in words: how much, against what, and where it goes."""
    said = f"{_amount(row['achieved'], row['unit'])} in {row['period']}"
    if row["target"] is not None:
        said += f" against a target of {_amount(row['target'], row['unit'])}"
    said += f": {OUTCOME[row['outcome']].lower()}"
    if row["beside"]:
        said += f", {_BESIDE[row['beside']]} ({_amount(row['benchmark'], row['unit'])})"
    return f"{said}. {moved(row)}."


def _periods_table(caption: str, own: pl.DataFrame, unit: str | None) -> str:
    columns = [
        Column("period", "Period", sortable=False),
        Column("achieved", f"Achieved{f' ({unit})' if unit else ''}", "number", sortable=False),
        Column("target", "Target", "number", sortable=False),
        Column("benchmark", "Benchmark", "number", sortable=False),
        Column("outcome", "Outcome", "status", sortable=False),
    ]
    rows = [
        Row(
            str(row["place"]),
            [
                row["period"],
                row["achieved"],
                row["target"],
                row["benchmark"],
                table.status(_SIGNS[row["outcome"]], OUTCOME[row["outcome"]]),
            ],
        )
        for row in own.iter_rows(named=True)
    ]
    return table.table_json(caption, columns, rows, find=False)


def charter(points: Sequence[Point], told: pl.DataFrame) -> Component:
    """What a published charter should hold: what the promises tell of it, and what people look at themselves."""
    known, by_people = [p for p in points if p.of], [p for p in points if not p.of]
    if not known:
        by_people = [Point(code) for code in _POINTS]
    parts: list[Any] = [html.P("What a charter that customers can read should hold, in our own words.")]
    if known:
        parts.append(html.H3(f"What {count(told.height, 'promise')} tell" + ("s" if told.height == 1 else "")))
        parts.append(html.Ul([html.Li(_point(point)) for point in known], className="checklist"))
    parts.append(html.H3("Not known to Assay: look at the charter and tick it there"))
    parts.append(html.Ul([html.Li(_POINTS[point.code]) for point in by_people], className="checklist"))
    return components.card("A charter's checklist", *parts, explains="promises")


def _point(point: Point) -> list[Component]:
    if point.of == 1:
        words = "Yes" if point.have else "No"
    else:
        words = {"all": "All", "none": "None"}.get(point.state, f"{point.have:,} of {point.of:,}")
    return [components.status_word(_STATES[point.state], words), html.Span(f" {_POINTS[point.code]}")]


def panel(told: pl.DataFrame, asked: Filters, department: str = "", most: int = 5) -> Component:
    """The promises of one department or element in short, missed ones first, and the way to the page.

    `told`: rows of scheme.service_standards.PROMISES, cut to what is shown (dashboard.customers.promised).
    """
    rows = shown(told, Filters(asked.page, asked.as_of))
    if rows.is_empty():
        return components.card("Service standards", html.P("No promise about this has been sent."), explains="promises")
    items = [
        html.Li([components.status_word(_SIGNS[row["outcome"]], OUTCOME[row["outcome"]]), f" {row['promise']}: ",
                 sentence(row)])
        for row in rows.head(most).iter_rows(named=True)
    ]  # fmt: skip
    more = f"All {rows.height}" if rows.height > most else listing(["More"])
    link = html.A(f"{more} on the page of service standards", href=asked.href("standards", department=department))
    return components.card(
        "Service standards",
        html.P(headline(rows)),
        html.Ul(items, className="checklist"),
        html.P(link),
        explains="promises",
    )
