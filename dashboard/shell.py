"""The frame around every page: bar, menu, message, footer. It holds no data; callbacks fill its places."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from dash import dcc, html, page_container
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import attributes, icon
from dashboard.words import clock, day, moment, organisation
from db.roles import ADMINISTER, CYCLE, LOADS, RESULTS, SEND
from db.sessions import Granted, Guest, Identity


@dataclass(frozen=True)
class Page:
    """A page of the menu: the name of its modules, its path, its words, its picture and what it needs (db.roles).

    `opens`: whether its cells open a drawer with what is behind them.
    """

    name: str
    path: str
    title: str
    icon: str
    needs: str
    opens: bool = False
    group: str = "standing"


# The groups of the menu: their words, and what the first page of each needs.
GROUPS = {
    "standing": ("How we stand", RESULTS),
    "cycle": ("The cycle", CYCLE),
    "doing": ("What we do", RESULTS),
    "data": ("What was sent", LOADS),
}
PAGES = (
    Page("overview", "/", "Overview", "bi-house", RESULTS),
    Page("heatmap", "/heatmap", "Heatmap", "bi-grid-3x3", RESULTS, opens=True),
    Page("headroom", "/headroom", "Headroom", "bi-speedometer2", RESULTS, opens=True),
    Page("department", "/department", "Department", "bi-building", RESULTS),
    Page("trend", "/trend", "Trend", "bi-graph-up", RESULTS),
    Page("coverage", "/coverage", "Coverage", "bi-calendar-check", CYCLE, opens=True, group="cycle"),
    Page("sites", "/sites", "Sites", "bi-geo-alt", CYCLE, group="cycle"),
    Page("renewal", "/renewal", "Renewal", "bi-patch-check", CYCLE, group="cycle"),
    Page("journey", "/journey", "Assessments", "bi-signpost-split", CYCLE, group="cycle"),
    Page("scope", "/scope", "Next review", "bi-card-checklist", CYCLE, group="cycle"),
    Page("visitplan", "/visitplan", "Visit plan", "bi-map", CYCLE, group="cycle"),
    Page("safety", "/safety", "Way to safety", "bi-shield-check", RESULTS, group="doing"),
    Page("element", "/element", "Elements", "bi-list-ol", RESULTS, group="doing"),
    Page("actions", "/actions", "Actions", "bi-list-check", RESULTS, group="doing"),
    Page("evidence", "/evidence", "Evidence", "bi-folder-check", RESULTS, group="doing"),
    Page("groups", "/groups", "Customer groups", "bi-people", RESULTS, group="doing"),
    Page("standards", "/standards", "Service standards", "bi-bullseye", RESULTS, group="doing"),
    Page("scenarios", "/scenarios", "Scenarios", "bi-question-diamond", RESULTS, group="doing"),
    Page("arrivals", "/arrivals", "Arrivals", "bi-envelope-check", LOADS, group="data"),
    Page("data", "/data", "Data", "bi-database", LOADS, group="data"),
    Page("understood", "/understood", "Understood", "bi-patch-question", LOADS, group="data"),
)
# A plain page, as those of administration are (dashboard.sending).
SENDING = Page("sending", "/send", "Send files", "bi-upload", SEND, group="data")


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
    # The same for everybody; `data-may` then shows what the person's role includes (assets/shell.css).
    groups = [_group(name, words, needs) for name, (words, needs) in GROUPS.items()]
    administration = html.A([icon("bi-gear"), "Administration"], href="/administration", **attributes(data_reload=""))
    groups.append(html.Ul(html.Li(administration, **attributes(data_needs=ADMINISTER))))
    return html.Nav(html.Div(groups), id=ids.NAVIGATION, className="nav-pages", **attributes(aria_label="Pages"))


def _group(name: str, words: str, needs: str) -> Component:
    pages = [page for page in (*PAGES, SENDING) if page.group == name]
    links = [
        html.Li(
            html.A(
                [icon(page.icon), page.title],
                href=page.path,
                **(attributes(data_reload="") if page is SENDING else attributes(data_path=page.path)),
            ),
            **attributes(data_needs=page.needs),
        )
        for page in pages
    ]
    if not links:
        return html.Ul()
    heading = f"shell-nav-{name}"
    return html.Div(
        [html.P(words, id=heading, className="nav-group"), html.Ul(links, **attributes(aria_labelledby=heading))],
        **attributes(data_needs=needs),
    )


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


def who(person: Identity, page_token: str) -> list[Component]:
    """The organisation shown, who is signed in, and the way out; the token is that of the page it stands on."""
    chosen = person.chosen
    name = chosen.tenant_name if chosen else ""
    several = len(person.grants) > 1 or person.is_operator
    switch = [html.A("Switch organisation", href="/choose-tenant", **attributes(data_reload=""))] if several else []
    return [
        html.Span(organisation(name), className="tenant"),
        *([html.Span("Fictional demonstration data", className="fictional")] if is_fictional(name) else []),
        *_visit(chosen, page_token),
        *switch,
        *_oneself(person),
        html.Form(
            [
                dcc.Input(type="hidden", name="page", value=page_token),
                html.Button("Sign out", type="submit", className="btn"),
            ],
            action="/sign-out",
            method="POST",
        ),
    ]


def _oneself(person: Identity) -> list[Component]:
    """The way to one's account; to whoever opened a link, which has none, what the link shows and until when."""
    if person.guest is None:
        return [html.A(person.email, href="/account", title="Your account", **attributes(data_reload=""))]
    return [html.Span(looking(person.guest), className="guest")]


def looking(guest: Guest) -> str:
    """What whoever opened a link looks at, and until when."""
    return f"You look at certificate {guest.certificate} until {day(guest.last_day)}, read only"


def _visit(chosen: Granted | None, page_token: str) -> list[Component]:
    """Until when an operator visits and why, and a button that ends the visit."""
    if chosen is None or chosen.visit_ends_at is None:
        return []
    said = f"Visiting until {clock(chosen.visit_ends_at)}: {chosen.visit_reason}"
    end = [
        dcc.Input(type="hidden", name="page", value=page_token),
        html.Button("End the visit", type="submit", className="btn"),
    ]
    return [html.Form([html.Span(said), *end], action="/end-visit", method="POST", className="visit")]


def is_fictional(tenant_name: str) -> bool:
    """Whether a tenant's name says that its data is made up."""
    return any(word in tenant_name.casefold() for word in ("fictional", "demo"))


def freshness(load: int, finished_at: datetime, sent_by: str | None, known_at: datetime | None = None) -> str:
    """How fresh the data is: which load, when it was received and from whom."""
    sender = f" from {sent_by}" if sent_by else ""
    known = f"What was known on {moment(known_at)}. " if known_at else ""
    return f"{known}Data as of load {load}, received {moment(finished_at)}{sender}"
