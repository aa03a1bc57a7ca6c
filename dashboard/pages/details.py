"""The details drawer: what one cell is made of, for every page whose cells are elements or criteria of departments."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, theme, words
from dashboard.behind import Behind, CriterionBehind, ElementBehind, Place, full_years
from dashboard.filters import Filters
from dashboard.pages.heatmap_grid import tally
from dashboard.table import Column, Row, band, table_json, text
from scheme.headroom import STATUSES
from scheme.standard import BANDS, BASES, Standard

Parts = list[Component]
_LISTED = 8  # more rows than this and a table gets a box to find in


def title(behind: Behind) -> str:
    """The heading of the drawer."""
    if isinstance(behind, ElementBehind):
        return f"{behind.element.code} {behind.element.title}"
    return f"Criterion {behind.criterion.code}: {behind.criterion.title}"


def body(behind: Behind, asked: Filters) -> Parts:
    """What stands in the drawer."""
    return element(behind, asked) if isinstance(behind, ElementBehind) else criterion(behind, asked)


def element(behind: ElementBehind, asked: Filters) -> Parts:
    """What the band of an element is made of: what it asks, the band in force, what was said when, what to do."""
    parts: list[Component | None] = [
        _where(behind.place),
        _in_force(behind),
        _since_last_time(behind),
        _own_word(behind),
        html.P(behind.element.guidance, className="d-guidance") if behind.element.guidance else None,
        _below(behind, asked),
        _timeline(behind),
        _actions(behind.actions, behind.day),
        _evidence(behind),
        _origins(behind),
    ]
    return [part for part in parts if part is not None]


def criterion(behind: CriterionBehind, asked: Filters) -> Parts:
    """What the status of a criterion is made of: the sentence why, what counts against it, all its elements."""
    parts: list[Component | None] = [
        _where(behind.place),
        _verdict(behind),
        _verdicts_below(behind, asked),
        _counting(behind, asked),
        _all_elements(behind, asked),
        _actions(behind.actions, behind.day),
    ]
    return [part for part in parts if part is not None]


# --- what both have ---------------------------------------------------------------------------------------------------


def sign(standard: Standard, code: str | None, assessed_on: date | None = None, day: date | None = None) -> Component:
    """A band as the sign its cells have, for the eye alone: its word stands beside it."""
    age = min(full_years(assessed_on, day), 3) if assessed_on and day and code in BANDS else 0
    shown = standard.band[code].sign if code else "·"
    return html.Span(shown, className=f"b b-a{age} b-{theme.BANDS[code]}", **components.HIDDEN)


def assessment(kind: str | None) -> str:
    """An assessment type as it is said on screen."""
    return "self-assessment" if kind == "self_assessment" else (kind or "").replace("_", " ")


def _section(heading: str, *children: Component) -> Component:
    return html.Section([html.H3(heading), *children], className="d-section")


def _where(place: Place) -> Component:
    path = [html.Span(f" in {place.path}", className="d-soft")] if place.path else []
    code = [html.Span(f" {place.code}", className="d-soft")] if place.code and place.code != place.name else []
    return html.P([html.Strong(place.name), *code, *path], className="d-where")


def _cell(asked: Filters, place: str | None, key: str) -> str:
    return asked.href(cell=f"{place or ''}~{key}")


def _actions(actions: pl.DataFrame, day: date) -> Component | None:
    if actions.is_empty():
        return None
    items = []
    for row in actions.sort("due_on", nulls_last=True).iter_rows(named=True):
        due = row["due_on"]
        late = due is not None and due < day
        when = f"{'overdue since' if late else 'due'} {words.day(due)}" if due else "no day set"
        facts = [
            when,
            *([f"owner {row['owner']}"] if row["owner"] else []),
            *([row["element"]] if row["element"] else []),
        ]
        said = [html.Span(row["action"]), html.Span(", ".join(facts), className="d-soft d-line")]
        items.append(html.Li(said, className="d-late" if late else None))
    return _section(f"Open actions ({len(items)})", html.Ul(items, className="d-list"))


# --- an element -------------------------------------------------------------------------------------------------------


def _in_force(behind: ElementBehind) -> Component:
    row, standard = behind.standing, behind.standard
    if row is None:
        return html.P(
            [sign(standard, None), html.Strong("Not assessed"), f": {_nothing(behind)}"], className="d-in-force"
        )
    head = [sign(standard, row["band"], row["assessed_on"], behind.day), html.Strong(standard.band[row["band"]].label)]
    if row["rolled_up"]:
        mix = [f"{row[f'below_{code}']} {standard.band[code].label.lower()}" for code in _present(row)]
        return html.P(
            [
                *head,
                f" rolled up from {words.listing(mix)} directly below: an indication, not an assessor's judgement.",
            ],
            className="d-in-force d-indication",
        )
    held = f"{words.day(row['assessed_on'])} ({assessment(row['assessment_type'])})"
    since = f" since {words.day(behind.since)}" if behind.since and behind.since != row["assessed_on"] else ""
    looked = f"{since}; last looked at {held}." if since else f" since {held}."
    return html.P([*head, looked, *_cautions(behind, row)], className="d-in-force")


def _nothing(behind: ElementBehind) -> str:
    what = {"formal": "no formal result", "self": "no self-assessment", "desk": "no desk review"}[behind.basis]
    return f"{what} up to {words.day(behind.day)}, neither of the department nor of anything below it."


def _present(row: Mapping[str, Any]) -> list[str]:
    return [name.removeprefix("below_") for name, number in row.items() if name.startswith("below_") and number]


def _cautions(behind: ElementBehind, row: Mapping[str, Any]) -> list[str]:
    said = []
    if row["carried_forward"]:
        said.append(" Carried forward: later assessments did not look at it again.")
    if full_years(row["assessed_on"], behind.day) >= behind.cycle_years:
        said.append(f" That is older than one cycle of {words.count(behind.cycle_years, 'year')}.")
    if row["worse_below"]:
        said.append(" Something below has been found worse since.")
    return said


def _since_last_time(behind: ElementBehind) -> Component | None:
    """What changed between the last two own results that count on this basis."""
    moving = behind.results.filter(~pl.col("restated"), pl.col("assessment_type").is_in(BASES[behind.basis]))
    if moving.height < 2:
        return None
    now, before = moving.row(0, named=True), moving.row(1, named=True)
    label = {code: behind.standard.band[code].label for code in (now["band"], before["band"])}
    days = f"{words.day(before['assessed_on'])} and {words.day(now['assessed_on'])}"
    if now["band"] == before["band"]:
        what = f"no change, {label[now['band']].lower()} on {days}."
    else:
        what = (
            f"{_direction(before['band'], now['band'])}: {label[before['band']].lower()} on "
            f"{words.day(before['assessed_on'])}, {label[now['band']].lower()} on {words.day(now['assessed_on'])}."
        )
    return html.P([html.Strong("Since last time: "), what], className="d-since")


def _direction(before: str, now: str) -> str:
    if before not in BANDS or now not in BANDS:
        return "changed"
    return "better" if BANDS.index(now) < BANDS.index(before) else "worse"


def _own_word(behind: ElementBehind) -> Component | None:
    """What the department says of itself, where that is not what is asked for anyway."""
    own, row = behind.standing_self, behind.standing
    if behind.basis == "self" or own is None or own["rolled_up"]:
        return None
    said = f"{behind.standard.band[own['band']].label.lower()} on {words.day(own['assessed_on'])}"
    if row is None or row["rolled_up"] or {own["band"], row["band"]} - set(BANDS):
        compared = ""
    else:
        by = BANDS.index(row["band"]) - BANDS.index(own["band"])
        compared = ", the same" if by == 0 else f", {'higher' if by > 0 else 'lower'} than assessed"
    return html.P([html.Strong("Own assessment: "), f"{said}{compared}."], className="d-since")


def _timeline(behind: ElementBehind) -> Component:
    if behind.results.is_empty():
        return _section("Results over time", html.P("No results of the department's own.", className="d-soft"))
    items = [_result(behind, row) for row in behind.results.iter_rows(named=True)]
    return _section("Results over time", html.Ol(items, className="d-timeline"))


def _result(behind: ElementBehind, row: Mapping[str, Any]) -> Component:
    by = f", {row['assessor']}" if row["assessor"] else ""
    restated = [components.chip("restated: repeats an earlier band")] if row["restated"] else []
    said = [html.P(row[key], className="d-comment") for key in ("reason", "comment") if row[key]]
    return html.Li(
        [
            sign(behind.standard, row["band"]),
            html.Div(
                [
                    html.Strong(behind.standard.band[row["band"]].label),
                    html.Span(
                        f" {words.day(row['assessed_on'])}, {assessment(row['assessment_type'])}{by} ",
                        className="d-soft",
                    ),
                    *restated,
                    *said,
                ]
            ),
        ],
        className="d-restated" if row["restated"] else None,
    )


def _below(behind: ElementBehind, asked: Filters) -> Component | None:
    """What lies directly below, the worst first: what a rolled-up band was made from."""
    if behind.below.is_empty():
        return None
    scale = {code: place for place, code in enumerate(reversed(BANDS))}
    found = sorted(behind.below.iter_rows(named=True), key=lambda row: (scale.get(row["band"], 9), row["name"]))
    rows = [
        Row(f"{row['kind']} {row['code']}", [_named(behind, asked, row), _band(behind, row), text(row["comment"])])
        for row in found
    ]
    columns = [Column("name", "Where"), Column("band", "Band", "band"), Column("said", "Said", width=200)]
    drawn = table_json("Directly below", columns, rows, bands=behind.standard.bands, find=len(rows) > _LISTED)
    return html.Div(components.table("details-below", drawn), className="d-section")


def _named(behind: ElementBehind, asked: Filters, row: Mapping[str, Any]) -> Any:
    href = _cell(asked, row["code"], behind.element.code) if row["kind"] == "department" else None
    return text(row["name"], f"{row['kind']}, {words.day(row['assessed_on'])}", href)


def _band(behind: ElementBehind | CriterionBehind, row: Mapping[str, Any]) -> Any:
    age = full_years(row["assessed_on"], behind.day)
    return band(row["band"], age, old=age >= behind.cycle_years, rolled_up=bool(row["rolled_up"]))


def _evidence(behind: ElementBehind) -> Component | None:
    if behind.evidence.is_empty():
        return None
    items = [html.Li(_shown(row, behind.day)) for row in behind.evidence.iter_rows(named=True)]
    return _section(f"Evidence ({len(items)})", html.Ul(items, className="d-list"))


def _shown(row: Mapping[str, Any], day: date) -> Parts:
    name = row["evidence"] or row["evidence_code"]
    parts: Parts = [
        html.A(name, href=row["link"], target="_blank", rel="noopener noreferrer")
        if is_web(row["link"])
        else html.Span(name)
    ]
    expired = row["expires_on"] is not None and row["expires_on"] <= day
    facts = [
        None if is_web(row["link"]) else row["link"],
        row["kind"],
        f"site {row['site_code']}" if row["site_code"] else None,
        f"{'expired' if expired else 'expires'} {words.day(row['expires_on'])}" if row["expires_on"] else None,
        row["note"],
    ]
    told = ", ".join(fact for fact in facts if fact)
    return [*parts, html.Span(told, className="d-soft d-line")] if told else parts


def is_web(link: str | None) -> bool:
    """Whether a link may be followed: http and https alone (reliability.md D9)."""
    try:
        parts = urlsplit((link or "").strip())
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _origins(behind: ElementBehind) -> Component | None:
    """File, sheet, row and load of every result, those that were superseded too."""
    both = pl.concat([behind.results, behind.superseded], how="diagonal")
    if both.is_empty():
        return None
    found = both.sort("assessed_on", "load", descending=True).iter_rows(named=True)
    rows = [Row(str(number), _origin(behind.standard, row)) for number, row in enumerate(found)]
    columns = [
        Column("day", "Result"),
        Column("file", "File"),
        Column("load", "Load"),
        Column("superseded", "Superseded"),
    ]
    drawn = table_json("Where the results come from", columns, rows, find=False)
    return components.details("Details", components.table("details-origins", drawn))


def _origin(standard: Standard, row: Mapping[str, Any]) -> Sequence[Any]:
    ended = row.get("superseded_at")
    return (
        text(
            standard.band[row["band"]].label, f"{words.day(row['assessed_on'])}, {assessment(row['assessment_type'])}"
        ),
        text(row["file"], f"sheet {row['sheet']}, row {row['row']}" if row["sheet"] else f"row {row['row']}"),
        text(f"{row['load']}", f"received {words.moment(row['loaded_at'])}"),
        words.moment(ended) if ended else None,
    )


# --- a criterion ------------------------------------------------------------------------------------------------------


def _verdict(behind: CriterionBehind) -> Component:
    row = behind.headroom
    if row["not_assessed"] == row["elements"]:
        return html.P(
            [sign(behind.standard, None), html.Strong("Not assessed"), f" up to {words.day(behind.day)}."],
            className="d-in-force",
        )
    if not row["indicative"]:
        return html.P([components.status_word(row["status"]), " ", row["why"]], className="d-in-force")
    rolled = behind.standing.filter("rolled_up").height
    return html.P(
        [
            components.status_word("indication"),
            f" {rolled} of {words.count(behind.standing.height, 'band')} {'is' if rolled == 1 else 'are'} rolled up"
            f" from below, so there is no verdict: {words.count(row['partial'], 'partial')} where {row['allowance']}"
            f" would be allowed, {row['non_compliant'] or 'none'} non-compliant, "
            f"{row['not_assessed'] or 'none'} not assessed.",
        ],
        className="d-in-force d-indication",
    )


def _verdicts_below(behind: CriterionBehind, asked: Filters) -> Component | None:
    if behind.below.is_empty():
        return None
    unknown = pl.col("not_assessed") == pl.col("elements")
    rows = list(behind.below.with_columns(is_unknown=unknown).iter_rows(named=True))
    rows.sort(key=lambda row: (row["indicative"], STATUSES.index(row["status"]), row["headroom"]))
    items = [
        html.Li(
            [
                components.status_word(*_shown_status(row)),
                " ",
                html.A(row["name"], href=_cell(asked, row["department_code"], behind.criterion.code)),
                html.Span(f" {row['partial']} of {words.count(row['allowance'], 'partial')}", className="d-soft"),
            ]
        )
        for row in rows
    ]
    told = tally(rows)
    head = [html.P(f"Of the departments with a verdict, {told}.")] if told else []
    return _section(f"Directly below ({len(rows)})", *head, html.Ul(items, className="d-list d-tight"))


def _shown_status(row: Mapping[str, Any]) -> tuple[str, str | None]:
    if row["is_unknown"]:
        return "incomplete", "Not assessed"
    return ("indication" if row["indicative"] else row["status"]), None


def _counting(behind: CriterionBehind, asked: Filters) -> Component | None:
    """The elements that count against it: what they are, since when, what was said, what is being done."""
    found = behind.standing.filter(pl.col("band").is_in(["non_compliant", "partial"]))
    if found.is_empty():
        return None
    said = {row["element"]: row for row in behind.said.iter_rows(named=True)}
    actions = dict(behind.actions.group_by("element").len().iter_rows())
    rows = sorted(found.iter_rows(named=True), key=lambda row: BANDS.index(row["band"]), reverse=True)
    items = [_counts(behind, asked, row, said.get(row["element"], {}), actions.get(row["element"], 0)) for row in rows]
    return _section("What counts against it", html.Ul(items, className="d-timeline"))


def _counts(
    behind: CriterionBehind, asked: Filters, row: Mapping[str, Any], said: Mapping[str, Any], actions: int
) -> Component:
    code, standard = row["element"], behind.standard
    since = said.get("since")
    label = standard.band[row["band"]].label
    when = "rolled up from below" if row["rolled_up"] else f"since {words.day(since)}" if since else ""
    todo = words.count(actions, "open action") if actions else "no open action"
    comment = [html.P(said["comment"], className="d-comment")] if said.get("comment") else []
    return html.Li(
        [
            sign(standard, row["band"], row["assessed_on"], behind.day),
            html.Div(
                [
                    html.A(f"{code} {standard.element[code].title}", href=_cell(asked, behind.place.code, code)),
                    html.Span(", ".join(fact for fact in (label, when, todo) if fact), className="d-soft d-line"),
                    *comment,
                ]
            ),
        ]
    )


def _all_elements(behind: CriterionBehind, asked: Filters) -> Component:
    known = {row["element"]: row for row in behind.standing.iter_rows(named=True)}
    rows = []
    for code in behind.criterion.elements:
        row = known.get(code)
        name = text(f"{code} {behind.standard.element[code].title}", None, _cell(asked, behind.place.code, code))
        rows.append(Row(code, [name, row and _band(behind, row), row and row["assessed_on"]]))
    columns = [Column("element", "Element"), Column("band", "Band", "band"), Column("day", "Last looked at", "day")]
    drawn = table_json(f"All {len(rows)} elements", columns, rows, bands=behind.standard.bands, find=False)
    return html.Div(components.table("details-elements", drawn), className="d-section")
