"""The parts that pages are made of. The only place that makes a Graph."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import explained, ids
from dashboard.figures import Figure
from dashboard.language import foreign, is_english, mark, said, tag
from dashboard.words import STATUS
from scheme.standard import Standard

Children = Component | str | None

# reliability.md D6: plotly.js would offer to send the chart and its data to a cloud.
GRAPH_CONFIG: Any = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
}
_STATUS_ICONS = {
    "fails": "bi-x-octagon-fill",
    "at_limit": "bi-exclamation-triangle-fill",
    "incomplete": "bi-circle-half",
    "passes": "bi-check-circle-fill",
    "indication": "bi-dash-circle-dotted",
}
_STATE_ICONS = {
    "looked_at": ("bi-check-lg", mark("Looked at")),
    "elsewhere": ("bi-check", mark("Looked at in another year")),
    "planned": ("bi-calendar-event", mark("Planned")),
    "owed": ("bi-exclamation-lg", mark("Owed")),
    "missed": ("bi-x-lg", mark("Missed")),
    "open": ("", mark("Nothing owed")),
}
_BAND_CLASSES = ("plus", "compliant", "partial", "non", "na")


def attributes(**named: object) -> dict[str, Any]:
    """Attributes as Dash takes them: `aria_label="..."` as `aria-label`, `data_x=...` as `data-x`; None is left out."""
    return {name.replace("_", "-"): value for name, value in named.items() if value is not None}


CORPORATE = ";"  # how a form names the corporate body, for "" is nothing chosen; no code may hold this sign
HIDDEN = attributes(aria_hidden="true")
FILES = "files"  # class of what offers files: shown to those who may take them away (assets/shell.css)


@dataclass(frozen=True)
class Choice:
    """A control of a page's own in its filter bar: the key in the address, its label, its values and their words.

    `kind`: a select, or a day.
    """

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    kind: Literal["select", "day"] = "select"


def page(title: str, *children: Children, is_told: bool = False) -> Component:
    """A page: its h1 with help on the whole page (dashboard.explained), then what it consists of.

    `is_told`: all its sentences go through the catalogue; of another page, what stands in it counts as English.
    """
    if is_told or is_english():
        return html.Div([_titled(html.H1(said(title)), "page"), *children])
    return html.Div([_titled(html.H1(said(title), lang=tag()), "page"), *children], lang=foreign())


def _titled(heading: Component, explains: str | None) -> Component:
    """A heading with a "?" that says what is meant: a key of explained.TERMS, or "page" for the page's own."""
    if explains is None:
        return heading
    words = explained.button(explains)
    button = html.Button(
        [icon("bi-question-circle"), html.Span(words, className="visually-hidden")],
        type="button",
        title=words,
        className="explain",
        **attributes(data_explain=explains, aria_haspopup="dialog"),
    )
    return html.Div([heading, button], className="titled")


def _words(told: Children) -> Children:
    """A text in the language spoken now; anything else as it is."""
    return said(told) if isinstance(told, str) else told


def headline(id: str) -> Component:  # noqa: A002
    """The place of the one sentence that answers the page's question; a screen reader is told when it changes."""
    return html.P(id=id, className="headline", **attributes(aria_live="polite"))


def stack(*children: Children) -> Component:
    """Blocks one below the other, at equal distances."""
    return html.Div(list(children), className="stack")


def cards(*children: Children) -> Component:
    """Cards side by side as far as there is room."""
    return html.Div(list(children), className="cards")


def card(
    title: Children,
    *children: Children,
    id: str | None = None,  # noqa: A002
    explains: str | None = None,
) -> Component:
    """A titled block; with `id`, its content is a place to be filled. `explains`: a key of explained.TERMS."""
    body: list[Any] = [html.Div(list(children), id=id, className="place")] if id else list(children)
    return html.Section([_titled(html.H2(_words(title)), explains), *body], className="block")


def place(id: str) -> Component:  # noqa: A002
    """An empty place, a skeleton until a callback gives it children."""
    return html.Div(id=id, className="place")


def table_place(id: str, label: str = mark("The table is being fetched")) -> Component:  # noqa: A002
    """The place of a table: `Output(id, "data-table")` takes what dashboard.table.table_json gives."""
    return html.Div(id=id, **{**attributes(data_label=said(label)), "data-table": None})


def table(id: str, body: str) -> Component:  # noqa: A002
    """A table that is there at once, for instance in a drawer."""
    return html.Div(id=id, **attributes(data_table=body))


def empty_state(title: str, text: str, steps: Iterable[Children] = ()) -> Component:
    """What a reader sees where there is nothing yet, and what to do first."""
    todo = [html.Ol([html.Li(_words(step)) for step in steps])] if steps else []
    return html.Section([icon("bi-inbox"), html.H2(said(title)), html.P(said(text)), *todo], className="empty")


NO_DATA = mark("There are no data here yet, so there is nothing to say.")


def nothing_loaded(tenant_code: str) -> Component:
    """What every page of an empty tenant says: what to do first."""
    return empty_state(
        "Nothing has been loaded yet",
        "Results enter as files: spreadsheets, CSV or exports, one row per result or one column per element.",
        [
            html.Span(
                [said("See what would be taken, without writing anything:"), " ", html.Code("assay check your-folder/")]
            ),
            html.Span([said("Load it:"), " ", html.Code(f"assay load your-folder/ --tenant {tenant_code}")]),
            html.Span(
                [said("Look at what was set aside, and why, on the page"), " ", html.A(said("Data"), href="/data"), "."]
            ),
        ],
    )


def icon(name: str) -> Component:
    """A picture beside words; it says nothing to a screen reader."""
    return html.I(className=f"bi {name}", **HIDDEN)


def enter_link(form: str, words: str, **columns: str | None) -> Component:
    """The way to a form of dashboard.entering, with columns filled in; None is the corporate body."""
    query = urlencode({name: CORPORATE if value is None else value for name, value in columns.items()})
    return html.A(said(words), href=f"/enter/{form}{f'?{query}' if query else ''}", **attributes(data_reload=""))


def status_word(code: str, words: str | None = None) -> Component:
    """A status as sign and word."""
    return html.Span([icon(_STATUS_ICONS[code]), html.Span(words or said(STATUS[code]))], className=f"chip s-{code}")


def chip(label: str) -> Component:
    """A quiet label."""
    return html.Span(said(label), className="chip")


def chips(items: Iterable[tuple[str, int | None, str, bool]], label: str = mark("Show")) -> Component:
    """Chips that filter: words, how many (None: not said), address, and whether it is the one chosen."""
    return html.Nav(
        html.Ul(
            [
                html.Li(
                    html.A(
                        [
                            html.Span(said(words)),
                            *([] if number is None else [html.Span(f"({number:,})", className="n")]),
                        ],
                        href=href,
                        **attributes(aria_current="true" if is_current else None),
                    )
                )
                for words, number, href, is_current in items
            ],
            className="chips",
        ),
        **attributes(aria_label=said(label)),
    )


def filter_bar(page: str, *controls: str | Choice) -> Component:
    """Native inputs whose values are the address: as_of, compare, basis, basis_and_difference, department, or a Choice.

    Departments come by themselves; other options that depend on data go to `data-options` (see `options`).
    """
    told = [
        control
        if isinstance(control, str)
        else {
            "name": control.name,
            "label": said(control.label),
            "kind": control.kind,
            "options": [(value, said(words)) for value, words in control.options],
        }
        for control in controls
    ]
    return html.Div(id=ids.filter_bar(page), className="filters", **attributes(data_filters=json.dumps(told)))


def options(**choices: Sequence[tuple[str, str]]) -> str:
    """Options for `Output(ids.filter_bar(page), "data-options")`: the key in the address -> values and their words."""
    return json.dumps({name: list(pairs) for name, pairs in choices.items()})


def drawer(page: str) -> Component:
    """Details at the side, open while the address has `cell`; fill ids.drawer_title(page) and ids.drawer_body(page)."""
    made: Component = dbc.Offcanvas(
        html.Div(id=ids.drawer_body(page), className="place", lang=foreign()),
        id=ids.drawer(page),
        labelledby=ids.drawer_title(page),
        title=html.Span(said("Details"), id=ids.drawer_title(page)),
        placement="end",
        is_open=False,
    )
    return made


def details(summary: str, *children: Children) -> Component:
    """What only some want to see, behind a line one can open."""
    return html.Details([html.Summary(said(summary)), *children], className="details")


def chart(
    id: str,  # noqa: A002
    title: str,
    figure: Figure,
    table: str,
    summary: str,
    explains: str | None = None,
) -> Component:
    """A figure (a plain dictionary) with a sentence that says what it shows and its data as a table right below.

    The drawing is hidden from screen readers: the table is its equal (reliability.md A2). `explains`: a key of
    explained.TERMS.
    """
    graph = dcc.Graph(id=f"{id}-plot", figure=figure, config=GRAPH_CONFIG, responsive=True)
    return html.Figure(
        [
            html.Figcaption([_titled(html.H2(said(title), id=f"{id}-title"), explains), html.P(said(summary))]),
            html.Div(graph, className="plot", **HIDDEN),
            html.Div(id=f"{id}-table", **attributes(data_table=table)),
        ],
        id=id,
        className="chart",
        **attributes(aria_labelledby=f"{id}-title"),
    )


def legend(standard: Standard, kind: str = "bands") -> Component:
    """What the signs mean: of `bands`, of `headroom` or of `coverage`."""
    items = {"bands": _band_legend, "headroom": _headroom_legend, "coverage": _coverage_legend}[kind](standard)
    return html.Ul(
        [html.Li(item) for item in items], className="legend-list", **attributes(aria_label=said("What the signs mean"))
    )


def _band_legend(standard: Standard) -> list[list[Component]]:
    def sign(name: str, words: str, classes: str = "b-a0") -> Component:
        return html.Span(words, className=f"b {classes} b-{name}", **HIDDEN)

    known = [
        [sign(name, band.sign), html.Span(said(band.label))]
        for name, band in zip(_BAND_CLASSES, standard.bands, strict=True)
    ]
    example = standard.bands[1].sign
    return [
        *known,
        [sign("unknown", "·"), html.Span(said("Not assessed"))],
        [
            html.Span([sign("compliant", example, f"b-a{age}") for age in range(4)]),
            html.Span(said("Fading: this year, over one, two, three years old")),
        ],
        [sign("compliant", example, "b-a3 b-old"), html.Span(said("Hatched: older than one cycle"))],
        [sign("compliant", example, "b-a3 b-rolled"), html.Span(said("Dotted: rolled up from below, an indication"))],
        [sign("compliant", example, "b-a0 b-worse-below"), html.Span(said("Corner: something below is worse since"))],
    ]


def _headroom_legend(_: Standard) -> list[list[Component]]:
    def mark(kind: str, words: str = "") -> Component:
        return html.Span(words, className=f"mark {kind}", **HIDDEN)

    return [
        *([status_word(code)] for code in STATUS),
        [mark("mark-used"), html.Span(said("a partial used"))],
        [mark("mark-free"), html.Span(said("one left"))],
        [mark("mark-over"), html.Span(said("beyond the limit"))],
        [mark("mark-non", "N"), html.Span(said("a non-compliant"))],
    ]


def _coverage_legend(_: Standard) -> list[list[Component]]:
    return [
        [
            html.Span(icon(name) if name else "", className=f"state st-{code}", **HIDDEN),
            html.Span(said(words)),
        ]
        for code, (name, words) in _STATE_ICONS.items()
    ]
