"""The dashboard's server: `gunicorn dashboard.app:server`, or `create_app()` for one of your own."""

import logging
import os
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash
from dash import Dash, State, set_props
from dash.development.base_component import Component
from flask import Flask, Response, abort, g, has_request_context, request
from flask_compress import Compress
from werkzeug.exceptions import HTTPException

from dashboard import answers, api, components, gate, ids, language, metrics, request_log, shares, shell
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
from scheme.errors import AssayError, TooLong, UsageError, WarehouseError

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
        on_error=_tell,
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
    server.before_request(_checked_callback(app))
    gate.check(server, lambda: _need(app))
    server.before_request(answers.found(lambda: gate.is_kept(app.callback_map[g.callback]["callback"])))
    add_proxies(server)
    server.register_error_handler(Exception, _plainly)
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
_ROUTER = f"..{ids.PAGE_CONTENT}.children...{ids.PAGE_STORE}.data.."


def _need_of_callback(app: Dash, output: str) -> str | None:
    return gate.SIGNED_IN if output == _ROUTER else gate.needed(app.callback_map[output]["callback"])


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


def _tell(error: Exception) -> None:
    """Show what went wrong in a callback: our own errors say it themselves, any other gets a number and the log."""
    set_props(ids.MESSAGE, {"children": _sentence(error) if _is_for_readers(error) else _numbered(error)})


def _is_for_readers(error: Exception) -> bool:
    """Whether an error's own words may be shown; those of the warehouse name files and servers (W11)."""
    return isinstance(error, AssayError) and (isinstance(error, TooLong) or not isinstance(error, WarehouseError))


def _sentence(error: Exception) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."


def _numbered(error: BaseException) -> str:
    number = g.error_number = request_log.number()
    log.error("error %s at %s", number, request_log.template(), exc_info=error)
    what = language.said("Something went wrong here")
    if isinstance(error, WarehouseError):
        what = language.said("The data cannot be reached just now")
    text = language.mark("{what}. Try again in a minute; if it happens again, report it with the number {number}.")
    return language.said(text, what=what, number=number)


def _plainly(error: Exception) -> Response:
    """Every failed request in one plain line, or as JSON where a program asked: no stack, no name, no path."""
    line = _line(error)
    return api.told(error, line) if request.path.startswith(API) else line


def _line(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        code = error.code or 500
        words = language.said(_PLAIN[code]) if code in _PLAIN else f"{error.name}."
        again = {"Retry-After": str(getattr(error, "retry_after", None) or 60)} if code in (429, 503) else {}
        if request.method == "GET" and int(again.get("Retry-After", 60)) < 10:
            again["Refresh"] = again["Retry-After"]  # a browser that opened a page asks again by itself
        return Response(f"{words}\n", code, again, mimetype="text/plain")
    if isinstance(error, TooLong):
        return Response(f"{_sentence(error)}\n", 503, {"Retry-After": "60"}, mimetype="text/plain")
    if _is_for_readers(error):
        return Response(f"{_sentence(error)}\n", 400, mimetype="text/plain")
    if isinstance(error, WarehouseError):
        return Response(f"{_numbered(error)}\n", 503, {"Retry-After": "60"}, mimetype="text/plain")
    return Response(f"{_numbered(error)}\n", 500, mimetype="text/plain")


_PLAIN = {
    404: language.mark("There is no such page."),
    413: language.mark("That is too large."),
    429: language.mark("Too much at once; try again soon."),
    503: language.mark("Too much is asked of Assay just now; try again in a few seconds."),
}


def _checked_callback(app: Dash) -> Callable[[], None]:
    """A check that a callback's body names a callback of ours and brings what it declares (reliability.md D3, D13)."""

    def check() -> None:
        if request.path != "/_dash-update-component":
            return
        if request.method != "POST" or not request.is_json:
            abort(415 if request.method == "POST" else 405)
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("output"), str):
            abort(400)
        known = app.callback_map.get(body["output"], {})
        if "callback" not in known or not _brings(body, known):
            abort(400)
        g.callback = body["output"]
        g.page_of_callback = known["callback"].__module__.rpartition(".")[2]

    return check


def _brings(body: dict[str, Any], known: dict[str, Any]) -> bool:
    def named(items: object) -> list[tuple[object, object]] | None:
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            return None
        return [(item.get("id"), item.get("property")) for item in items]

    for key, declared in (("inputs", known["inputs"]), ("state", known["state"])):
        given = named(body.get(key, []))
        if given is None or given != [(item["id"], item["property"]) for item in declared]:
            return False
        # Our callbacks are given addresses and counts of clicks: text, and paths where Dash's own would fail else.
        for item in body.get(key, []):
            value = item.get("value")
            if item["property"] == "n_clicks" and isinstance(value, int):
                continue
            if not isinstance(value, str | None) or (item["property"] == "pathname" and value and value[0] != "/"):
                return False
            if body["output"] == _ROUTER and item["property"] == "pathname" and not value:
                return False
    outputs = body.get("outputs", [])
    told = named(outputs if isinstance(outputs, list) else [outputs])
    triggers = body.get("changedPropIds", [])
    if told is None or not isinstance(triggers, list) or not all(isinstance(trigger, str) for trigger in triggers):
        return False
    parts = [f"{owner}.{name}" for owner, name in told]
    return body["output"] == (f"..{'...'.join(parts)}.." if isinstance(outputs, list) else parts[0]) or not parts


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
