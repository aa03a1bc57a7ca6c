"""The details of a criterion: the sentence why, what counts against it, how it stands below."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, words
from dashboard.behind import CriterionBehind
from dashboard.filters import Filters
from dashboard.pages.details_better import Better, following, green
from dashboard.pages.details_lineage import lineage
from dashboard.pages.details_parts import band_cell, cell_href, open_actions, section, sign, where
from dashboard.pages.verdicts import tally
from dashboard.table import Column, Row, table_json, text
from scheme.headroom import STATUSES
from scheme.standard import BANDS


def criterion(behind: CriterionBehind, asked: Filters, better: Better | None = None) -> list[Component]:
    """What the status of a criterion is made of: the sentence why, what counts against it, what would mend it."""
    against, below = _counting(behind, asked), _verdicts_below(behind, asked)
    parts: list[Component | None] = [
        where(behind.place),
        _verdict(behind),
        *((below, against) if behind.headroom["indicative"] else (against,)),
        green(behind, asked, better) if better else None,
        following(behind, asked, better) if better else None,
        None if behind.headroom["indicative"] else below,
        _all_elements(behind, asked),
        open_actions(behind.actions, behind.day),
        lineage(behind, "the allowance less the partials, and one non-compliant element fails it"),
    ]
    return [part for part in parts if part is not None]


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
                html.A(row["name"], href=cell_href(asked, row["department_code"], behind.criterion.code)),
                html.Span(f" {row['partial']} of {words.count(row['allowance'], 'partial')}", className="d-soft"),
            ]
        )
        for row in rows
    ]
    told = tally(rows)
    head = [html.P(f"Of the departments with a verdict, {told}.")] if told else []
    return section(f"Directly below ({len(rows)})", *head, html.Ul(items, className="d-list d-tight"))


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
    return section("What counts against it", html.Ul(items, className="d-timeline"))


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
                    html.A(f"{code} {standard.element[code].title}", href=cell_href(asked, behind.place.code, code)),
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
        name = text(f"{code} {behind.standard.element[code].title}", None, cell_href(asked, behind.place.code, code))
        rows.append(Row(code, [name, row and band_cell(behind, row), row and row["assessed_on"]]))
    columns = [Column("element", "Element"), Column("band", "Band", "band"), Column("day", "Last looked at", "day")]
    drawn = table_json(f"All {len(rows)} elements", columns, rows, bands=behind.standard.bands, find=False)
    return html.Div(components.table("details-elements", drawn), className="d-section")
