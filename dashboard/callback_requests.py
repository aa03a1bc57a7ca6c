"""Whether a request for a callback names one of ours and brings what it declares (reliability.md D3, D13)."""

from collections.abc import Callable
from typing import Any

from dash import Dash
from flask import abort, g, request

from dashboard import ids

ROUTER = f"..{ids.PAGE_CONTENT}.children...{ids.PAGE_STORE}.data.."  # the output of the callback that changes pages


def checked(app: Dash) -> Callable[[], None]:
    """A check before each request: 415, 405 or 400 where it asks for no callback of ours, or brings others' things.

    What it finds is kept for the request: `g.callback`, its output, and `g.page_of_callback`, the module it is of.
    """

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
            if body["output"] == ROUTER and item["property"] == "pathname" and not value:
                return False
    outputs = body.get("outputs", [])
    told = named(outputs if isinstance(outputs, list) else [outputs])
    triggers = body.get("changedPropIds", [])
    if told is None or not isinstance(triggers, list) or not all(isinstance(trigger, str) for trigger in triggers):
        return False
    parts = [f"{owner}.{name}" for owner, name in told]
    return body["output"] == (f"..{'...'.join(parts)}.." if isinstance(outputs, list) else parts[0]) or not parts
