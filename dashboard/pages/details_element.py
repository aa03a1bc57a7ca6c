"""The details of an element: the band in force, what was said when and by whom, where it comes from."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, words
from dashboard.behind import ElementBehind, full_years
from dashboard.filters import Filters
from dashboard.pages.details_better import Better, following, green, well
from dashboard.pages.details_lineage import lineage
from dashboard.pages.details_parts import assessment, band_cell, cell_href, open_actions, section, sign, where
from dashboard.table import Column, Row, table_json, text
from scheme.standard import BANDS, BASES

_LISTED = 8  # more rows than this and a table gets a box to find in


def element(
    behind: ElementBehind, asked: Filters, enters: bool = False, better: Better | None = None
) -> list[Component]:
    """What the band of an element is made of: what it asks, the band in force, what was said when, what to do."""
    parts: list[Component | None] = [
        where(behind.place),
        _in_force(behind),
        _since_last_time(behind),
        _own_word(behind),
        html.P(behind.element.guidance, className="d-guidance") if behind.element.guidance else None,
        _enter(behind) if enters else None,
        green(behind, asked, better) if better else None,
        well(behind, asked, better) if better else None,
        following(behind, asked, better) if better else None,
        *_results(behind, asked),
        open_actions(behind.actions, behind.day),
        _evidence(behind),
        lineage(behind, "the latest own result, carried forward, or else rolled up from directly below"),
    ]
    return [part for part in parts if part is not None]


def _enter(behind: ElementBehind) -> Component:
    form = "self" if behind.basis == "self" else "result"
    words = "Enter or correct this result"
    return html.P(components.enter_link(form, words, department_code=behind.place.code, element=behind.element.code))


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


def _results(behind: ElementBehind, asked: Filters) -> list[Component | None]:
    """First what the band is made of: the department's own results, or what lies below it."""
    parts = [_timeline(behind), _below(behind, asked)]
    return parts if behind.standing and not behind.standing["rolled_up"] else parts[::-1]


def _timeline(behind: ElementBehind) -> Component:
    if behind.results.is_empty():
        return section("Results over time", html.P("No results of the department's own.", className="d-soft"))
    items = [_result(behind, row) for row in behind.results.iter_rows(named=True)]
    return section("Results over time", html.Ol(items, className="d-timeline"))


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
        Row(f"{row['kind']} {row['code']}", [_named(behind, asked, row), band_cell(behind, row), text(row["comment"])])
        for row in found
    ]
    columns = [Column("name", "Where"), Column("band", "Band", "band"), Column("said", "Said", width=200)]
    drawn = table_json("Directly below", columns, rows, bands=behind.standard.bands, find=len(rows) > _LISTED)
    return html.Div(components.table("details-below", drawn), className="d-section")


def _named(behind: ElementBehind, asked: Filters, row: Mapping[str, Any]) -> Any:
    href = cell_href(asked, row["code"], behind.element.code) if row["kind"] == "department" else None
    return text(row["name"], f"{row['kind']}, {words.day(row['assessed_on'])}", href)


def _evidence(behind: ElementBehind) -> Component | None:
    if behind.evidence.is_empty():
        return None
    items = [html.Li(_shown(row, behind.day)) for row in behind.evidence.iter_rows(named=True)]
    return section(f"Evidence ({len(items)})", html.Ul(items, className="d-list"))


def _shown(row: Mapping[str, Any], day: date) -> list[Component]:
    name = row["evidence"] or row["evidence_code"]
    parts: list[Component] = [
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
