"""Settings: what an organisation decides for itself."""

from flask import request
from werkzeug.wrappers import Response

from dashboard import logos
from dashboard.administration import Route
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.gate import needs
from dashboard.identity import current_scope
from db import quotas
from db.roles import ADMINISTER
from db.session import open_session
from db.tenants import SETTINGS, choose, keep_logo, setting
from scheme.errors import UsageError

_HERE = "/administration/settings"

# By setting: its question, the beginning of the sentence once it is kept, and what each value means.
WORDS = {
    "champions_see_others": (
        "What champions see of departments that are not theirs",
        "Champions see of other departments: ",
        {
            "nothing": (
                "Nothing",
                "A champion's pages speak of the champion's own departments, and of no others. Choose this where "
                "departments might guess each other's results from even a few numbers.",
            ),
            "distribution": (
                "A distribution without names",
                "Beside their own, champions see how many of the other departments have each band: as counts, never "
                "by name, and not where so few departments stand behind a number that it would give one of them away.",
            ),
        },
    ),
    "champions_see_exemplars": (
        "Whether champions are told who does well what they do not",
        "Champions are told who holds compliance plus where they do not: ",
        {
            "no": ("No", "Champions learn of exemplars in their own departments alone."),
            "yes": (
                "Yes, by name",
                "For an element in which one of their own departments is partial or worse today, champions are told "
                "the names of departments that hold compliance plus there, and since when. Nothing else about them.",
            ),
        },
    ),
    "risk_estimates": (
        "An estimate of losing the award",
        "Estimates of losing the award: ",
        {
            "off": ("Off", "Nothing is estimated: pages show what was found, and what follows from it."),
            "on": (
                "On",
                "The page Trend estimates, for each department and criterion, the chance of failing at the next formal "
                "assessment, from how bands moved so far here; with a range, and with what it assumes. It is an "
                "estimate and no verdict, assessors are not shown it, and there is none where there is too little "
                "history.",
            ),
        },
    ),
}


@needs(ADMINISTER)
def settings() -> Response:
    """What holds now, and what else could be chosen."""
    return _page()


@needs(ADMINISTER)
def save() -> Response:
    """Keep what was chosen; a setting that was not sent stays as it is."""
    told = {name: value for name, value in sent(*WORDS).items() if value}
    wrong = {name: "Choose one of these." for name, value in told.items() if value not in SETTINGS[name]}
    if wrong or not told:
        return _page(wrong or dict.fromkeys(WORDS, "Choose one of these."))
    with open_session(current_scope(), write=True) as session:
        for name, value in told.items():
            choose(session, name, value)
    said = [f"{WORDS[name][1]}{WORDS[name][2][value][0].lower()}." for name, value in told.items()]
    return done(" ".join(said), _HERE)


@needs(ADMINISTER)
def save_logo() -> Response:
    """Let the picture that was sent be the logo, or take the logo away."""
    told = sent("away", files=("logo",))
    given = request.files.get("logo")
    picture = given.read(logos.LARGEST + 1) if given else b""
    if not picture and told["away"] != "yes":
        return _page({"logo": "Choose a picture."})
    try:
        drawn = None if told["away"] == "yes" else logos.redrawn(picture)
    except UsageError as error:
        return _page({"logo": sentence(error)})
    with open_session(current_scope(), write=True) as session:
        keep_logo(session, drawn)
    return done("The logo stands beside your name from now on." if drawn else "There is no logo any more.", _HERE)


def _page(wrong: dict[str, str] | None = None) -> Response:
    with open_session(current_scope()) as session:
        holds = {name: setting(session, name) for name in WORDS}
        may_have = quotas.used(session)
    asked = [
        (name, question, [(value, *told) for value, told in values.items()], holds[name])
        for name, (question, _, values) in WORDS.items()
    ]
    return shown("settings", "Settings", wrong, asked=asked, quotas=may_have)


ROUTES = (Route("", settings), Route("", save, ("POST",)), Route("/logo", save_logo, ("POST",)))
