"""Settings: what an organisation decides for itself."""

from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.frame import done, sent, shown
from dashboard.gate import needs
from dashboard.identity import current_scope
from db.roles import ADMINISTER
from db.session import open_session
from db.tenants import SETTINGS, choose, setting

# Of each setting: what is asked, how what was chosen is said, and of each value its words and what they mean.
WORDS = {
    "champions_see_others": (
        "What champions see of departments that are not theirs",
        "Champions see of other departments",
        {
            "nothing": (
                "Nothing",
                "A champion's pages speak of the champion's own departments, and of no others. Choose this where "
                "departments might guess each other's results from even a few numbers.",
            ),
            "distribution": (
                "A distribution without names",
                "Beside their own, champions see how many of the other departments have each band: as counts, never by "
                "name, and not where so few departments stand behind a number that it would give one of them away.",
            ),
        },
    ),
    "risk_estimates": (
        "An estimate of losing the award",
        "Estimates of losing the award",
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
    """Keep what was chosen; what the form does not say stays as it is."""
    told = {name: value for name, value in sent(*WORDS).items() if value}
    wrong = {name: "Choose one of these." for name in told or WORDS if told.get(name) not in WORDS[name][2]}
    if wrong:
        return _page(wrong)
    with open_session(current_scope(), write=True) as session:
        for name, value in told.items():
            choose(session, name, value)
    said = " ".join(f"{WORDS[name][1]}: {WORDS[name][2][value][0].lower()}." for name, value in told.items())
    return done(said, "/administration/settings")


def _page(wrong: dict[str, str] | None = None) -> Response:
    with open_session(current_scope()) as session:
        holds = {name: setting(session, name) for name in SETTINGS}
    choices = [
        (name, asked, [(value, *words) for value, words in values.items()], holds[name])
        for name, (asked, _, values) in WORDS.items()
    ]
    return shown("settings", "Settings", wrong, choices=choices)


ROUTES = (Route("", settings), Route("", save, ("POST",)))
