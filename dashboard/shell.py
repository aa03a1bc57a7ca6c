"""The frame around every page: bar, menu, message, footer. It holds no data; callbacks fill its places."""

from dataclasses import dataclass
from datetime import datetime

from dash import dcc, html, page_container
from dash.development.base_component import Component

from dashboard import explained, ids, tour
from dashboard.choosing_language import languages
from dashboard.components import attributes, details, icon
from dashboard.language import day_said as day
from dashboard.language import is_english, mark, said
from dashboard.words import clock, organisation
from dashboard.words import moment_said as moment
from db.grants import Granted
from db.roles import ADMINISTER, CYCLE, EXPORT, LOADS, RESULTS, SEND
from db.sessions import Guest, Identity
from db.version import installed as installed


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
    "standing": (mark("How we stand"), RESULTS),
    "cycle": (mark("The cycle"), CYCLE),
    "doing": (mark("What we do"), RESULTS),
    "data": (mark("What was sent"), LOADS),
    "taking": (mark("To take away"), EXPORT),
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
AWAITS_REVIEW = mark("This translation awaits review; what is not translated yet is in English.")
# Plain pages, as those of administration are (dashboard.sending, dashboard.packing, dashboard.meeting).
SENDING = Page("sending", "/send", "Send files", "bi-upload", SEND, group="data")
PACKS = Page("packs", "/packs", "Packs", "bi-box-seam", EXPORT, group="taking")
MEETING = Page("meeting", "/meeting", "Meeting", "bi-easel", RESULTS)
PLAIN = (MEETING, SENDING, PACKS)


def layout() -> Component:
    """The frame, the same for everybody."""
    return html.Div(
        [
            html.A(said("Skip to the content"), href="#main", className="skip"),
            html.Header(
                [
                    html.A([icon("bi-clipboard2-check"), "Assay"], href="/", className="brand"),
                    html.Button(
                        [icon("bi-list"), " ", said("Menu")],
                        id="shell-menu",
                        type="button",
                        className="btn",
                        **attributes(aria_expanded="false", aria_controls=ids.NAVIGATION),
                    ),
                    tour.offer(),
                    html.Div(id=ids.WHO, className="who"),
                ],
                className="bar",
            ),
            html.Div([_menu(), _main(), _footer()], className="frame"),
            tour.steps(),
            html.Div(id=ids.LIVE, className="visually-hidden", role="status", **attributes(aria_live="polite")),
            html.Div(id=ids.OPTIONS, hidden=True),
            html.Div(
                id=ids.EXPLAINED,
                hidden=True,
                **attributes(data_explained=explained.told({page.name: page.path for page in PAGES})),
            ),
            dcc.Store(id=ids.VIEW),
            dcc.Store(id=ids.CELL),
        ]
    )


def _menu() -> Component:
    # The same for everybody; `data-may` then shows what the person's role includes (assets/shell.css).
    groups = [_group(name, words, needs) for name, (words, needs) in GROUPS.items()]
    administration = html.A(
        [icon("bi-gear"), said("Administration")], href="/administration", **attributes(data_reload="")
    )
    groups.append(html.Ul(html.Li(administration, **attributes(data_needs=ADMINISTER))))
    return html.Nav(html.Div(groups), id=ids.NAVIGATION, className="nav-pages", **attributes(aria_label=said("Pages")))


def _group(name: str, words: str, needs: str) -> Component:
    pages = [page for page in (*PAGES, *PLAIN) if page.group == name]
    links = [
        html.Li(
            html.A(
                [icon(page.icon), said(page.title)],
                href=page.path,
                **(attributes(data_reload="") if page in PLAIN else attributes(data_path=page.path)),
            ),
            **attributes(data_needs=page.needs),
        )
        for page in pages
    ]
    if not links:
        return html.Ul()
    heading = f"shell-nav-{name}"
    return html.Div(
        [html.P(said(words), id=heading, className="nav-group"), html.Ul(links, **attributes(aria_labelledby=heading))],
        **attributes(data_needs=needs),
    )


def _main() -> Component:
    return html.Main(
        [
            html.Div(id=ids.MESSAGE, className="message", role="alert"),
            html.P(_take(), className="files take"),
            html.Div(id=ids.FRESHNESS, className="freshness"),
            page_container,
        ],
        id="main",
        className="main",
        tabIndex=-1,
    )


def _take() -> Component:
    # Which page it is taken of, the address says at the click (assets/packs.js).
    return html.A(
        [icon("bi-box-arrow-down"), html.Span("Take a pack")],
        href=f"{PACKS.path}/new",
        className="take-pack",
        **attributes(data_reload=""),
    )


def _footer() -> Component:
    return html.Footer(
        [
            html.Span(f"Assay {installed()}"),
            html.A(said("Accessibility of these pages"), href="/accessibility"),
            tour.again(),
            _looks(),
            *_languages(),
        ],
        className="foot",
    )


LOOKS = {"auto": "As the system has it", "light": "Light", "dark": "Dark", "contrast": "High contrast"}


def _looks() -> Component:
    # assets/look.js wears what is chosen, and shows what is worn; the plain pages have the same in look.html.
    choices = [html.Option(words, value=look) for look, words in LOOKS.items()]
    choice = html.Select(choices, className="form-select form-select-sm", **attributes(data_looks=""))
    return html.Label(["Colours ", choice], className="look")


def _languages() -> list[Component]:
    """The ways to the other languages, and in one that is not English how far to trust it."""
    links: list[Component] = [
        html.A(name, href=f"/language/{code}", lang=lang, hrefLang=lang, **attributes(data_reload=""))
        for code, name, lang, is_spoken in languages()
        if not is_spoken
    ]
    return links if is_english() else [*links, html.Span(said(AWAITS_REVIEW), className="awaits-review")]


def who(person: Identity, page_token: str, unread: int | None = None, has_logo: bool = False) -> list[Component]:
    """The organisation shown, who is signed in, and the way out; the token is that of the page it stands on.

    `unread`: how many reminders the person has not read; None for whoever has none here.
    """
    chosen = person.chosen
    name = chosen.tenant_name if chosen else ""
    several = len(person.grants) > 1 or person.is_operator
    switch = (
        [html.A(said("Switch organisation"), href="/choose-tenant", **attributes(data_reload=""))] if several else []
    )
    return [
        *([html.Img(src="/logo", alt="", className="logo")] if has_logo else []),
        html.Span(organisation(name), className="tenant"),
        *([html.Span(said("Fictional demonstration data"), className="fictional")] if is_fictional(name) else []),
        *_visit(chosen, page_token),
        *switch,
        *_reminders(unread),
        *_oneself(person),
        html.Form(
            [
                dcc.Input(type="hidden", name="page", value=page_token),
                html.Button(said("Sign out"), type="submit", className="btn"),
            ],
            action="/sign-out",
            method="POST",
        ),
    ]


def _oneself(person: Identity) -> list[Component]:
    """The way to one's account; to whoever opened a link, which has none, what the link shows and until when."""
    if person.guest is None:
        return [html.A(person.email, href="/account", title=said("Your account"), **attributes(data_reload=""))]
    return [html.Span(looking(person.guest), className="guest")]


def _reminders(unread: int | None) -> list[Component]:
    """The way to the reminders, and how many are not read."""
    if unread is None:
        return []
    hidden = html.Span(reminders_said(unread), className="visually-hidden")
    shown = [html.Span(f"{unread:,}", **attributes(aria_hidden="true"))] if unread else []
    told = [icon("bi-bell"), *shown, hidden]
    return [html.A(told, href="/reminders", title="Reminders", className="reminders", **attributes(data_reload=""))]


def reminders_said(unread: int) -> str:
    """What the bell in the bar says to whoever does not see it."""
    return f"Reminders, {unread:,} not read" if unread else "Reminders, none new"


def looking(guest: Guest) -> str:
    """What whoever opened a link looks at, and until when."""
    text = mark("You look at certificate {certificate} until {day}, read only")
    return said(text, certificate=guest.certificate, day=day(guest.last_day))


def _visit(chosen: Granted | None, page_token: str) -> list[Component]:
    """Until when an operator visits and why, and a button that ends the visit."""
    if chosen is None or chosen.visit_ends_at is None:
        return []
    until = said("Visiting until {time}: {reason}", time=clock(chosen.visit_ends_at), reason=chosen.visit_reason)
    end = [
        dcc.Input(type="hidden", name="page", value=page_token),
        html.Button(said("End the visit"), type="submit", className="btn"),
    ]
    return [html.Form([html.Span(until), *end], action="/end-visit", method="POST", className="visit")]


def is_fictional(tenant_name: str) -> bool:
    """Whether a tenant's name says that its data is made up."""
    return any(word in tenant_name.casefold() for word in ("fictional", "demo"))


def freshness(load: int, finished_at: datetime, sent_by: str | None, known_at: datetime | None = None) -> str:
    """How fresh the data is: which load, when it was received and from whom."""
    named: dict[str, object] = {"load": load, "moment": moment(finished_at), "sender": sent_by}
    known = said("What was known on {moment}.", moment=moment(known_at)) + " " if known_at else ""
    if sent_by:
        return known + said("Data as of load {load}, received {moment} from {sender}", **named)
    return known + said("Data as of load {load}, received {moment}", **named)


def fresh(load: int, finished_at: datetime, sent_by: str | None, known_at: datetime | None = None) -> list[Component]:
    """The day on which the newest data came, or that an earlier moment is shown; all else behind Details."""
    received = said("Data received {day}", day=day(finished_at.date()))
    newest = said("As known on {moment}", moment=moment(known_at)) if known_at else received
    return [html.Span(newest), details("Details", html.P(freshness(load, finished_at, sent_by, known_at)))]
