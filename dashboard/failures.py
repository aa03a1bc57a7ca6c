"""What is said where something fails: on a page, on a line, to a program (reliability.md W11).

Our own errors say it themselves. Any other gets a number that leads to the log, and nothing of it is shown: no stack,
no name, no path.
"""

import logging

from dash import set_props
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from dashboard import api, ids, language, request_log
from dashboard.identity import API
from scheme.errors import AssayError, TooLong, WarehouseError

_AGAIN = 60  # seconds after which to ask again, where nothing else is said
_SOON = 10  # seconds below which a browser that opened a page asks again by itself
_PLAIN = {
    404: language.mark("There is no such page."),
    413: language.mark("That is too large."),
    429: language.mark("Too much at once; try again soon."),
    503: language.mark("Too much is asked of Assay just now; try again in a few seconds."),
}
log = logging.getLogger("assay")


def tell(error: Exception) -> None:
    """Show on the page what went wrong in a callback."""
    set_props(ids.MESSAGE, {"children": _sentence(error) if _is_for_readers(error) else _numbered(error)})


def plainly(error: Exception) -> Response:
    """Every failed request in one plain line, or as JSON where a program asked."""
    line = _line(error)
    return api.told(error, line) if request.path.startswith(API) else line


def _line(error: Exception) -> Response:
    code, words = _said(error)
    headers = {}
    if code in (429, 503):
        again = getattr(error, "retry_after", None) or _AGAIN
        headers["Retry-After"] = str(again)
        if request.method == "GET" and again < _SOON:
            headers["Refresh"] = str(again)
    return Response(f"{words}\n", code, headers, mimetype="text/plain")


def _said(error: Exception) -> tuple[int, str]:
    """The status of the answer, and the words."""
    if isinstance(error, HTTPException):
        code = error.code or 500
        return code, language.said(_PLAIN[code]) if code in _PLAIN else f"{error.name}."
    if isinstance(error, TooLong):
        return 503, _sentence(error)
    if _is_for_readers(error):
        return 400, _sentence(error)
    return 503 if isinstance(error, WarehouseError) else 500, _numbered(error)


def _is_for_readers(error: Exception) -> bool:
    """Whether an error's own words may be shown; those of the warehouse name files and servers."""
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
