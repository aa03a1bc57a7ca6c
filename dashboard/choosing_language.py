"""The choice of a language: a link in the footer of every page, kept by the browser alone."""

from urllib.parse import urlsplit

from flask import Flask, abort, redirect, request
from werkzeug.wrappers import Response

from dashboard.identity import is_local, own_address
from dashboard.language import LANGUAGES, TAGS, counted_said, foreign, said, speak, tag, words_for_scripts
from dashboard.language import language as spoken_now

COOKIE = "assay-language"
LASTS = 400 * 24 * 3600  # seconds; the longest that browsers keep a cookie


def add_language(server: Flask) -> None:
    """Add /language/<code> to the server, and to its templates what they say their words with."""
    server.before_request(lambda: speak(request.cookies.get(COOKIE)))
    server.teardown_request(lambda _: speak(None))
    server.add_url_rule("/language/<language>", "language", choose)
    server.context_processor(
        lambda: {
            "_": said,
            "counted_said": counted_said,
            "lang": tag(),
            "foreign": foreign(),
            "script_words": words_for_scripts(),
            "languages": languages(),
        }
    )


def languages() -> list[tuple[str, str, str, bool]]:
    """The languages there are: code, own name, `lang`, and whether it is the one spoken now."""
    spoken = spoken_now()
    return [(code, name, TAGS[code], code == spoken) for code, name in LANGUAGES.items()]


def choose(language: str) -> Response:
    """Let the browser keep a language and go back to the page that the link stood on.

    A link and not a form: it changes nothing but words, in this browser, so whoever makes somebody follow it has
    gained nothing (**ours**). 404 for a language that there is not.
    """
    if language not in LANGUAGES:
        abort(404)
    response = redirect(_back(request.referrer))
    kept = {"httponly": True, "samesite": "Lax", "secure": not is_local(), "path": "/", "max_age": LASTS}
    response.set_cookie(COOKIE, language, **kept)  # type: ignore[arg-type]  # a dict of mixed values
    return response


def _back(referrer: str | None) -> str:
    """The page that the link stood on, where it is one of this server's."""
    parts = urlsplit(referrer or "")
    if parts.netloc != request.host or parts.path.startswith("/language/"):
        return "/"
    return own_address(parts.path + (f"?{parts.query}" if parts.query else ""))
