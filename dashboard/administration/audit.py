"""The audit log of an organisation: who did what, when and from where, and whether the log is whole."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from flask import abort, request
from werkzeug.wrappers import Response

import formats
from dashboard.administration import START, Route
from dashboard.administration.frame import day_of, shown
from dashboard.gate import needs
from dashboard.handing_out import handed_out
from dashboard.identity import current_scope, page_token
from db import administration
from db import audit as chain
from db.administration import PAGE, Asked
from db.roles import AUDIT, EXPORT

_PAGE = f"{START}/audit"
_CHECKED = 20_000  # entries up to which each look at the log checks the whole of it; beyond, only on asking


@needs(AUDIT)
def audit() -> Response:
    """One page of the log, newest first, as far as it is asked for."""
    scope, (asked, wrong) = current_scope(), _asked()
    given = request.args.get("number", "")
    number = max(1, int(given)) if re.fullmatch(r"[0-9]{1,6}", given) else 1
    rows, count = administration.log_page(scope, asked, number)
    actions, actors = administration.log_words(scope)
    newest = chain.head(scope)[0]
    checks = newest <= _CHECKED or request.args.get("check") == "yes"
    query = {key: value for key, value in request.args.items() if key in ("action", "actor", "day") and value}
    return shown(
        "audit",
        "Audit log",
        rows=[_row(row) for row in rows.iter_rows(named=True)],
        count=count,
        number=number,
        last=max(1, -(-count // PAGE)),
        first_shown=PAGE * (number - 1) + 1,
        actions=[("", "Everything"), *((action, action.capitalize()) for action in actions)],
        actors=[("", "Everybody"), *sorted(actors.items(), key=lambda pair: pair[1].casefold())],
        asked=query,
        not_a_day=wrong,
        fault=chain.verify(scope) if checks else None,
        checks=checks,
        newest=newest,
        began=administration.log_began(scope),
        before=f"{_PAGE}?{urlencode({**query, 'number': number - 1})}",
        after=f"{_PAGE}?{urlencode({**query, 'number': number + 1})}",
        files={kind: f"{_PAGE}/log.{kind}?{urlencode({**query, 'page': page_token()})}" for kind in ("csv", "xlsx")},
        may_export=scope.may(EXPORT),
    )


@needs(AUDIT, EXPORT)
def log(kind: str) -> Response:
    """The entries that are asked for as a file."""
    scope, (asked, _) = current_scope(), _asked()
    if kind not in formats.CONTENT_TYPES:
        abort(404)
    rows = administration.log_whole(scope, asked)
    body = formats.csv_text(rows) if kind == "csv" else formats.xlsx_bytes({"audit log": rows})
    return handed_out(body, "audit-log", kind)


def _asked() -> tuple[Asked, str]:
    """What the address asks for, and what it says that is no day."""
    words = [request.args.get(key, "")[:200].strip() for key in ("action", "actor", "day")]
    try:
        return Asked(words[0], words[1], day_of(words[2])), ""
    except (ValueError, OverflowError):
        return Asked(words[0], words[1]), words[2]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """An entry with its details in words: name and value, in the order in which they are kept."""
    told = [(key, value) for key, value in json.loads(row["detail"]).items() if value not in (None, "", [])]
    details = [(key.replace("_", " "), _words(value)) for key, value in told]
    return {**row, "details": details}


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


ROUTES = (Route("", audit), Route("/log.<kind>", log))
