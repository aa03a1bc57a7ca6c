"""Settings: what an organisation decides for itself."""

from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.frame import done, sent, shown
from dashboard.gate import needs
from dashboard.identity import current_scope
from db.roles import ADMINISTER
from db.session import open_session
from db.tenants import SETTINGS, choose, setting

_OTHERS = "champions_see_others"
WORDS = {
    "nothing": (
        "Nothing",
        "A champion's pages speak of the champion's own departments, and of no others. Choose this where departments "
        "might guess each other's results from even a few numbers.",
    ),
    "distribution": (
        "A distribution without names",
        "Beside their own, champions see how many of the other departments have each band: as counts, never by name, "
        "and not where so few departments stand behind a number that it would give one of them away.",
    ),
}


@needs(ADMINISTER)
def settings() -> Response:
    """What holds now, and what else could be chosen."""
    return _page()


@needs(ADMINISTER)
def save() -> Response:
    """Keep what was chosen."""
    told = sent(_OTHERS)
    if told[_OTHERS] not in SETTINGS[_OTHERS]:
        return _page({_OTHERS: "Choose what champions may see of other departments."})
    with open_session(current_scope(), write=True) as session:
        choose(session, _OTHERS, told[_OTHERS])
    return done(f"Champions see of other departments: {WORDS[told[_OTHERS]][0].lower()}.", "/administration/settings")


def _page(wrong: dict[str, str] | None = None) -> Response:
    with open_session(current_scope()) as session:
        holds = setting(session, _OTHERS)
    choices = [(value, *WORDS[value]) for value in SETTINGS[_OTHERS]]
    return shown("settings", "Settings", wrong, choices=choices, holds=holds)


ROUTES = (Route("", settings), Route("", save, ("POST",)))
