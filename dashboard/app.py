"""The dashboard's server: `gunicorn dashboard.app:server`, or `create_app()` for one of your own."""

import logging
import os
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash
from dash import Dash, State
from dash.development.base_component import Component
from flask import Flask, g, has_request_context, request
from flask_compress import Compress

from dashboard import (
    answers,
    api,
    callback_requests,
    components,
    failures,
    gate,
    ids,
    language,
    metrics,
    request_log,
    shares,
    shell,
)
from dashboard.administration import add_administration
from dashboard.bearer import token_scope
from dashboard.callbacks import drawer
from dashboard.callbacks import shell as shell_callbacks
from dashboard.choosing_language import add_language
from dashboard.entering import add_entering
from dashboard.exports import work
from dashboard.exports.day_pack_file import add_day_pack
from dashboard.exports.taking import add_taking
from dashboard.guests import add_guests
from dashboard.headers import add_headers
from dashboard.identity import API, OF_OPERATORS, SECOND_FACTOR, current_scope, guard, page_token
from dashboard.keeping import add_keeping
from dashboard.limits import OFTEN, PROXIES, add_limits, add_proxies
from dashboard.logos import add_logos
from dashboard.meeting import add_meeting
from dashboard.operators import add_operators
from dashboard.own_account import add_account
from dashboard.packing import add_packing
from dashboard.planning import add_planning
from dashboard.readiness import add_readiness
from dashboard.reminding import add_reminding
from dashboard.sending import add_sending
from dashboard.serving import WORK
from dashboard.signing_in import add_doors
from dashboard.signing_on import add_sign_on
from dashboard.theme import ASSETS
from dashboard.uploads import LARGEST
from dashboard.view import CACHE
from dashboard.visiting import add_visiting
from db.secret import box
from db.soundness import how_kept
from db.upgrade import require_sound
from scheme.errors import UsageError

log = logging.getLogger("assay")

INDEX = """<!DOCTYPE html>
<html lang="{%lang%}">
  <head>
    {%metas%}
    <meta name="color-scheme" content="light dark">
    <meta name="assay-page" content="{%page_token%}">
    <script src="/assets/look.js"></script>
    <meta name="assay-words" content="{%words%}">
    <title>{%title%}</title>
    {%favicon%}
    {%css%}
  </head>
  <body>
    {%app_entry%}
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>"""
_SWITCHES = ("DASH_DEBUG", "DASH_MCP_ENABLED", "DASH_UI", "DASH_HOT_RELOAD", "FLASK_DEBUG")


class _Dash(Dash):
    """Dash, with a page that knows the session it was made for."""

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]  # called by Dash with names alone
        page: str = super().interpolate_index(**parts)  # type: ignore[no-untyped-call]  # as Dash has it
        page = page.replace("{%lang%}", language.tag()).replace("{%words%}", escape(language.words_for_scripts()))
        return page.replace("{%page_token%}", page_token())


def create_app() -> Dash:
    """A new dashboard with its own server, warm: its first request is like every other.

    UsageError where the environment would switch on debugging or other ways in (reliability.md D12), or where the
    program's secret is missing or none (W3).
    """
    for switch in _SWITCHES:
        if os.environ.get(switch, "").lower() in ("1", "true", "yes"):
            raise UsageError(f"{switch} is set; unset it, it opens ways into the dashboard that nobody guards")
    for each in (OFTEN, PROXIES, CACHE, LARGEST, SECOND_FACTOR, shares.LONGEST):
        each.read()
    box()
    server = Flask("dashboard", static_folder=None, template_folder=str(Path(__file__).parent / "templates"))
    server.config.update(
        MAX_CONTENT_LENGTH=1_000_000,
        MAX_FORM_MEMORY_SIZE=100_000,
        MAX_FORM_PARTS=50,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIN_SIZE=600,
    )
    request_log.add_request_log(server)  # what is added first runs last after a request, so it tells of the whole
    metrics.add_metrics(server)
    server.after_request(answers.keep)  # so it finds the answer compressed
    Compress(server)
    app = _Dash(
        "assay",
        server=server,  # type: ignore[arg-type]  # Dash says bool, and takes a Flask
        title="Assay",
        update_title="",
        assets_folder=str(ASSETS),
        assets_path_ignore=["licences"],
        assets_ignore=r"^look\.js$",  # runs in the head, before anything is painted
        pages_folder="",
        use_pages=True,
        # The query stays out of the router: a filter redraws what it filters, not the page (and see `_sealed`).
        routing_callback_inputs={"search_": State(ids.URL, "search")},
        include_pages_meta=False,
        suppress_callback_exceptions=True,
        index_string=INDEX,
        enable_mcp=False,
        add_log_handler=False,
        on_error=failures.tell,
    )
    for number, known in enumerate(shell.PAGES):
        dash.register_page(  # type: ignore[no-untyped-call]  # as Dash has it
            f"dashboard.pages.{known.name}",
            path=known.path,
            name=known.title,
            title=_titled(known.title),
            order=number,
            layout=_sealed(import_module(f"dashboard.pages.{known.name}").layout, known.needs),
        )
        import_module(f"dashboard.callbacks.{known.name}").register(app)
        if known.opens:
            drawer.register(app, known.name, known.needs)
    shell_callbacks.register(app)
    app.layout = shell.layout
    add_language(server)
    shares.add_shares(server)
    add_doors(server)
    add_account(server)
    add_operators(server)
    add_guests(server)
    add_sign_on(server)
    api.add_api(server)
    add_administration(server)
    add_entering(server)
    add_sending(server)
    add_keeping(server)
    add_visiting(server)
    add_logos(server)
    add_planning(server)
    add_taking(server)
    add_packing(server)
    add_day_pack(server)
    add_meeting(server)
    add_reminding(server)
    add_readiness(server)
    add_headers(app)
    server.before_request(_closed_until_sound())
    # After Dash's own, so that what Dash makes at the first request is made before the guard turns that request away.
    guard(server, lambda path: path in _pages() or path in ("/reminders", OF_OPERATORS), token_scope)
    add_limits(server)
    server.before_request(callback_requests.checked(app))
    gate.check(server, lambda: _need(app))
    server.before_request(answers.found(lambda: gate.is_kept(app.callback_map[g.callback]["callback"])))
    add_proxies(server)
    server.register_error_handler(Exception, failures.plainly)
    with server.test_client() as client:
        client.get(
            "/_dash-dependencies", environ_base={request_log.WARMING: True}
        )  # else the first requests of a worker race for making it (stack.md, 3)
    return app


def _closed_until_sound() -> Callable[[], None]:
    """A check that nobody is answered before the warehouse was there, of this version and locked, once (W8).

    So a worker that begins while the database is away needs no restart when it is back.
    """
    is_sound = False

    def check() -> None:
        nonlocal is_sound
        if not is_sound and request.path not in ("/healthz", "/readyz") and request_log.WARMING not in request.environ:
            require_sound()
            is_sound = True

    return check


def _titled(title: str) -> Callable[..., str]:
    """What the window of a page is called, in the language of the request."""
    return lambda **_: f"{language.said(title)} – Assay"


def _pages() -> dict[str, str]:
    """The path of each page and what it needs; a page of none of ours says so on its layout, or is shut."""
    needs = {f"dashboard.pages.{page.name}": page.needs for page in shell.PAGES}
    return {
        page["path"]: needs.get(name) or gate.needed(page["layout"]) or "" for name, page in dash.page_registry.items()
    }


def _need(app: Dash) -> str | None:
    """What a request needs: a callback by its outputs, a page by its path, anything else by its view."""
    if request.path == "/_dash-update-component":
        return _need_of_callback(app, g.callback)
    if request.path.startswith(API):
        return api.need()
    if request.endpoint in ("/", "/<path:path>"):
        return _pages().get(request.path)
    if request.endpoint in _OF_DASH:
        return gate.SIGNED_IN
    return gate.need_of_endpoint()


# What makes up the frame of every page and holds no data: Dash's own addresses, and the callback that changes pages.
_OF_DASH = ("/_dash-layout", "/_dash-dependencies", "/_reload-hash")


def _need_of_callback(app: Dash, output: str) -> str | None:
    return gate.SIGNED_IN if output == callback_requests.ROUTER else gate.needed(app.callback_map[output]["callback"])


def _sealed(layout: Callable[[], Component], need: str) -> Callable[..., Component]:
    """A layout that nothing from the address reaches (reliability.md D7); `filters` checks the query on the server."""

    def sealed(**_: object) -> Component:
        if has_request_context() and g.get("identity") and not current_scope().may(need):
            return components.page("Not part of your role", components.empty_state(*_NOT_YOURS))
        return layout()

    return sealed


_NOT_YOURS = (
    language.mark("Your role does not include this page"),
    language.mark("If you need it, ask an administrator of your organisation."),
)


if TYPE_CHECKING:
    app: Dash
    server: Flask


def __getattr__(name: str) -> Any:
    """`app` and `server`, made when they are first asked for."""
    if name not in ("app", "server"):
        raise AttributeError(name)
    request_log.set_up_logs()
    if request_log.LOGS.read() != "off":
        log.info("the warehouse lies in %s", how_kept())
    made = create_app()
    globals().update(app=made, server=made.server)
    if WORK.read() == "inside":
        work.start()
    return globals()[name]
