"""What a cell's drawer offers to try: one link for each band, and what the criterion is then."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import components, theme
from dashboard.filters import Filters
from dashboard.pages.whatif import with_band
from dashboard.trying import Trial
from dashboard.words import count, sentence
from scheme.errors import UsageError
from scheme.standard import ALL_BANDS, Standard


def panel(asked: Filters, standard: Standard, trial: Trial | None, cell: str) -> list[Component]:
    """What stands on top of a cell's drawer: bands to try, and what the criterion is then; nothing without a trial."""
    if trial is None:
        return []
    chosen = {element: trial.scenario.cells.get((trial.place, element)) for element in trial.elements}
    is_tried = bool(trial.scenario.cells)
    try:
        choice = _choice(asked, standard, trial, chosen, cell)
    except UsageError as full:
        choice = html.P(sentence(full))
    words = "Try another band" if len(trial.elements) == 1 else "Try other bands"
    parts: list[Component] = [
        html.P(_verdict(trial), role="status", className="whatif-verdict") if is_tried else html.P(_ABOUT),
        choice,
        *([html.P("What stands below is in fact.", className="d-soft")] if is_tried else []),
    ]
    folded = html.Details([html.Summary(words), *parts], open=is_tried, className="details whatif")
    return [folded]


_ABOUT = "A scenario shows what would follow. It changes no fact, and nobody sees it until you share it."


def _verdict(trial: Trial) -> list[Component | str]:
    """How the criterion stands as supposed, and in fact where that is otherwise."""
    now, was = _stands(trial.after), _stands(trial.before)
    if now == was:
        return [html.Strong("In this scenario: "), f"{now} So it is in fact."]
    return [html.Strong("In this scenario: "), f"{now} ", html.Strong("In fact: "), was]


def _stands(row: Mapping[str, Any]) -> str:
    if row["not_assessed"] == row["elements"]:
        return f"Criterion {row['criterion']} is not assessed."
    if not row["indicative"]:
        return str(row["why"])
    return (
        f"Criterion {row['criterion']} has no verdict, for some of its bands are rolled up: "
        f"{count(row['partial'], 'partial')} where {row['allowance']} would be allowed, "
        f"{row['non_compliant'] or 'none'} non-compliant."
    )


def _choice(asked: Filters, standard: Standard, trial: Trial, chosen: Mapping[str, str | None], cell: str) -> Component:
    head = html.Tr(
        [
            html.Th("Element", scope="col"),
            *(html.Th(standard.band[code].label, scope="col") for code in ALL_BANDS),
            html.Th("As it is", scope="col"),
        ]
    )
    rows = [
        html.Tr([html.Th(element, scope="row"), *_bands(asked, standard, trial, element, chosen[element], cell)])
        for element in trial.elements
    ]
    table = html.Table([html.Caption("Bands to try", className="visually-hidden"), html.Thead(head), html.Tbody(rows)])
    return html.Div(table, className="whatif-choice")


def _bands(
    asked: Filters, standard: Standard, trial: Trial, element: str, chosen: str | None, cell: str
) -> Sequence[Component]:
    at, fact = (trial.place, element), trial.bands[element]
    told = []
    for band in (*ALL_BANDS, None):
        is_chosen = chosen == band
        label = standard.band[band].label if band else "as it is"
        name = f"{element}: {label.lower()}" if band is None else f"{element}: try {label.lower()}"
        holds = ", in force in fact" if band and band == fact else ""
        rolled = " by roll-up" if holds and element in trial.rolled_up else ""
        sign = (
            html.Span(standard.band[band].sign, className=f"b b-a0 b-{theme.BANDS[band]}", **components.HIDDEN)
            if band
            else html.Span(standard.band[fact].sign if fact else "·", **components.HIDDEN)
        )
        link = html.A(
            [sign, *([html.Span("✓", **components.HIDDEN)] if is_chosen else [])],
            href=with_band(asked, trial.scenario, at, band, cell=cell),
            title=name + holds + rolled,
            className="is-fact" if holds else None,
            **components.attributes(
                aria_label=name + holds + rolled,
                aria_current="true" if is_chosen else None,
                data_try=f"{element} {band or ''}",
            ),
        )
        told.append(html.Td(link))
    return told
