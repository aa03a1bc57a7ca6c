"""The frame around every page: bar, menu, message, footer. It holds no data; callbacks fill its places."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from dash import dcc, html, page_container
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import attributes, icon
from dashboard.words import moment, organisation
from db.people import Identity


@dataclass(frozen=True)
class Page:
    """A page of the menu: the name of its modules, its path, its words and its picture."""

    name: str
    path: str
    title: str
    icon: str


PAGES = (
    Page("overview", "/", "Overview", "bi-house"),
    Page("heatmap", "/heatmap", "Heatmap", "bi-grid-3x3"),
    Page("headroom", "/headroom", "Headroom", "bi-speedometer2"),
    Page("coverage", "/coverage", "Coverage", "bi-calendar-check"),
    Page("sites", "/sites", "Sites", "bi-geo-alt"),
    Page("data", "/data", "Data", "bi-database"),
)


def layout() -> Component:
    """The frame, the same for everybody."""
    return html.Div(
        [
            html.A("Skip to the content", href="#main", className="skip"),
            html.Header(
                [
                    html.A([icon("bi-clipboard2-check"), "Assay"], href="/", className="brand"),
                    html.Button(
                        [icon("bi-list"), " Menu"],
                        id="shell-menu",
                        type="button",
                        className="btn",
                        **attributes(aria_expanded="false", aria_controls=ids.NAVIGATION),
                    ),
                    html.Div(id=ids.WHO, className="who"),
                ],
                className="bar",
            ),
            html.Div([_menu(), _main(), _footer()], className="frame"),
            html.Div(id=ids.LIVE, className="visually-hidden", role="status", **attributes(aria_live="polite")),
            html.Div(id=ids.OPTIONS, hidden=True),
            dcc.Store(id=ids.VIEW),
            dcc.Store(id=ids.CELL),
        ]
    )


def _menu() -> Component:
    links = [
        html.Li(html.A([icon(page.icon), page.title], href=page.path, **attributes(data_path=page.path)))
        for page in PAGES
    ]
    return html.Nav(html.Ul(links), id=ids.NAVIGATION, className="nav-pages", **attributes(aria_label="Pages"))


def _main() -> Component:
    return html.Main(
        [
            html.Div(id=ids.MESSAGE, className="message", role="alert"),
            html.P(id=ids.FRESHNESS, className="freshness"),
            page_container,
        ],
        id="main",
        className="main",
        tabIndex=-1,
    )


def _footer() -> Component:
    return html.Footer(
        [html.Span(f"Assay {installed()}"), html.A("Accessibility of these pages", href="/accessibility")],
        className="foot",
    )


def installed() -> str:
    """The version of Assay that is installed."""
    try:
        return version("assay-dashboard")
    except PackageNotFoundError:
        return "from source"


def who(person: Identity) -> list[Component]:
    """The organisation shown, who is signed in, and the way out."""
    chosen = person.chosen
    name = chosen.tenant_name if chosen else ""
    switch = [html.A("Switch organisation", href="/choose-tenant")] if len(person.grants) > 1 else []
    return [
        html.Span(organisation(name), className="tenant"),
        *([html.Span("Fictional demonstration data", className="fictional")] if is_fictional(name) else []),
        *switch,
        html.A(person.email, href="/change-password", title="Change your password"),
        html.Form(
            html.Button("Sign out", type="submit", className="btn"),
            action="/sign-out",
            method="POST",
        ),
    ]


def is_fictional(tenant_name: str) -> bool:
    """Whether a tenant's name says that its data is made up."""
    return any(word in tenant_name.casefold() for word in ("fictional", "demo"))


def freshness(load: int, finished_at: datetime, sent_by: str | None, known_at: datetime | None = None) -> str:
    """How fresh the data is: which load, when it was received and from whom."""
    sender = f" from {sent_by}" if sent_by else ""
    known = f"What was known on {moment(known_at)}. " if known_at else ""
    return f"{known}Data as of load {load}, received {moment(finished_at)}{sender}"
