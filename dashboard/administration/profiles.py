"""Profiles: how the certification body applies the standard, version by version (commands.md, profiles as files)."""

from collections.abc import Mapping
from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.forms import Act, Cell, Field, Table, Wrong, address, day
from dashboard.administration.frame import day_of, done, sent, sentence, shown, today
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import moment
from db import reads
from db.roles import ADMINISTER
from db.session import open_session
from db.tenants import ProfileVersion, add_profile, profile_versions
from scheme.errors import ProfileInvalid
from scheme.standard import Profile, Standard, in_force, shipped_codes

_OWN = "The organisation's own"
_LIST = Act("Profiles", address("profiles"))
_WHOLE = {
    "cycle_years": ("Years of a cycle", ""),
    "opening_days": (
        "Opening days",
        "An initial or renewal in so many first days opened the cycle and does not count.",
    ),
    "review_grace_days": (
        "Days of grace",
        "So long after an anniversary a late review still counts for the year before.",
    ),
}
_FLAGS = {
    "opening_assessment_counts": ("The opening assessment counts for coverage", ""),
    "remote_visits_count": ("Remote visits count", ""),
}
_YES_NO = (("yes", "Yes", ""), ("no", "No", ""))
_ANNUAL = (
    ("unknown", "Not known", "Coverage is computed without a list, and says so."),
    ("none", "There are none", "Every element is due once in the cycle."),
    ("list", "These", "Each is due in every year of the cycle."),
)
_UNKNOWN = (
    ("take_in", "Take them in", "They are reported as new, to be confirmed."),
    ("set_aside", "Set the row aside", "Until a register names the code."),
)


@needs(ADMINISTER)
def profiles() -> Response:
    """Every profile with its versions, the one in force today marked."""
    standard, versions, kept = _known()
    holding = [one for one in kept if one.holds]
    rows = [_listed(one, in_force(versions[one.profile.code], today()) == one.profile) for one in holding]
    older = [one for one in kept if not one.holds]
    shipped = standard.profile
    if shipped is not None:
        stands_in = versions[""] == [shipped]
        rows.append(
            [
                Cell(shipped.name, small=f"as shipped, code {shipped.code}"),
                Cell("Every day"),
                Cell("In force", tag="quiet") if stands_in else Cell("Certificates may name it"),
                Cell(_annual(shipped)),
                Cell(_allowances(shipped)),
                Cell("Start from it", address("profiles", "/new", base=shipped.code)),
            ]
        )
    headings = ["Profile", "In force from", "State", "Annual elements", "Partials allowed", ""]
    tables = [Table("Versions that hold", headings, rows)]
    if older:
        said = [_replaced(one) for one in older]
        tables.append(
            Table("Versions that were replaced", ["Profile", "In force from", "Kept on", "What it said"], said)
        )
    return shown(
        "register",
        "Profiles",
        lead="How your certification body applies the standard: what a criterion may bear, what is due when, what "
        "counts. A measure as of a day uses the version in force on that day.",
        acts=[Act("Add a version", address("profiles", "/new"))],
        tables=tables,
    )


def _known() -> tuple[Standard, Mapping[str, Any], list[ProfileVersion]]:
    with open_session(current_scope()) as session:
        register = reads.register(session)
        return register.standard, register.profiles, profile_versions(session)


def _listed(one: ProfileVersion, now: bool) -> list[Cell]:
    profile = one.profile
    start = address("profiles", "/new", code=profile.code, since=str(profile.in_force_from or ""))
    return [
        Cell(profile.name, small=_OWN if not profile.code else f"code {profile.code}; certificates may name it"),
        Cell(day(profile.in_force_from) or "Every day"),
        Cell("In force", tag="quiet") if now else Cell(""),
        Cell(_annual(profile)),
        Cell(_allowances(profile)),
        Cell("Start from it", start),
    ]


def _replaced(one: ProfileVersion) -> list[Cell]:
    profile = one.profile
    told = f"Annual elements: {_annual(profile).lower()}. Partials allowed: {_allowances(profile)}."
    return [Cell(profile.name), Cell(day(profile.in_force_from) or "Every day"), Cell(moment(one.added_at)), Cell(told)]


def _annual(profile: Profile) -> str:
    codes = profile.annual_elements
    return "Not known" if codes is None else ", ".join(codes) if codes else "None"


def _allowances(profile: Profile) -> str:
    return ", ".join(f"criterion {code}: {allowed}" for code, allowed in profile.allowances.items())


@needs(ADMINISTER)
def new() -> Response:
    """The form for a version, filled in with the one to start from."""
    standard, versions, kept = _known()
    code, since = request.args.get("code", ""), request.args.get("since", "")
    start = in_force(versions[""], today())
    if request.args.get("base") and standard.profile is not None:
        start = standard.profile
    elif "code" in request.args:
        found = [
            one.profile
            for one in kept
            if one.holds and one.profile.code == code and str(one.profile.in_force_from or "") == since
        ]
        start = found[0] if found else abort(404)
    return _page(standard, _filled(start, standard))


def _filled(start: Profile, standard: Standard) -> dict[str, Any]:
    annual = start.annual_elements
    shipped = standard.profile
    return {
        "code": "" if shipped is not None and start == shipped else start.code,
        "name": start.name if start != shipped else "",
        "base": standard.code,
        "in_force_from": "",
        "annual": "unknown" if annual is None else "list" if annual else "none",
        "annual_elements": "\n".join(annual or ()),
        **{name: str(getattr(start, name)) for name in (*_WHOLE, "minor_share")},
        **{name: "yes" if getattr(start, name) else "no" for name in _FLAGS},
        "unknown_departments": start.unknown_departments,
        **{f"allowance_{code}": str(allowed) for code, allowed in start.allowances.items()},
    }


@needs(ADMINISTER)
def added() -> Response:
    """Keep a version."""
    standard, _, _ = _known()
    told = sent(*(field.name for field in _form(standard) if field.kind != "heading"))
    body, wrong = _body(told, standard)
    if not wrong:
        try:
            with open_session(current_scope(), write=True) as session:
                said = add_profile(session, body)
            return done(f"{said[:1].upper()}{said[1:]}. What it replaces stays below.", _LIST.href)
        except ProfileInvalid as error:
            wrong = _faults(str(error), standard)
    return _page(standard, told, wrong)


def _page(standard: Standard, told: Mapping[str, Any], wrong: Wrong | None = None) -> Response:
    return shown(
        "form",
        "Add a version of a profile",
        wrong,
        up=_LIST,
        lead="A version with the day of one that is there replaces it; what was known before stays. One with another "
        "day is in force from that day on.",
        action=address("profiles", "/new"),
        form=_form(standard),
        told=told,
        do="Keep this version",
    )


def _form(standard: Standard) -> list[Field]:
    bases = [(code, code) for code in dict.fromkeys([standard.code, *shipped_codes()])]
    return [
        Field("name", "Name", hint="Whose rules these are, such as: Our certification body, 2026.", needed=True),
        Field("code", "Code", hint=f"Only for rules that certificates name. Empty: {_OWN.lower()}."),
        Field("base", "Starts from", "select", choices=bases),
        Field("in_force_from", "In force from", "date", "Empty: since ever."),
        Field("allowances", "Partials that a criterion may have and still pass", "heading"),
        *(
            Field(f"allowance_{one.code}", f"Criterion {one.code}", "number", one.title, needed=True)
            for one in standard.criteria
        ),
        Field("coverage", "What is due, and what counts", "heading"),
        Field("annual", "Annual elements", "radios", choices=_ANNUAL),
        Field("annual_elements", "Codes of the annual elements", "area", "One on each line, such as 1.1.1.", rows=6),
        *(Field(name, label, "number", hint, needed=True) for name, (label, hint) in _WHOLE.items()),
        *(Field(name, label, "radios", hint, choices=_YES_NO) for name, (label, hint) in _FLAGS.items()),
        Field(
            "minor_share",
            "Minor share",
            "number",
            "From this share of sound parts on, a whole that is made of parts counts as partial; between 0 and 1.",
            needed=True,
        ),
        Field("unknown_departments", "Rows that name an unknown department or site", "radios", choices=_UNKNOWN),
    ]


def _body(told: Mapping[str, str], standard: Standard) -> tuple[dict[str, Any], Wrong]:
    """The version as in its file, and what of it cannot be read."""
    wrong: Wrong = {}
    body: dict[str, Any] = {"name": told["name"], "base": told["base"]}
    if told["code"]:
        body["code"] = told["code"]
    if not told["name"]:
        wrong["name"] = "Say whose rules these are."
    try:
        if since := day_of(told["in_force_from"]):
            body["in_force_from"] = since
    except ValueError:
        wrong["in_force_from"] = "Write the day as in 2026-04-01."
    codes = told["annual_elements"].replace(",", " ").replace(";", " ").split()
    if told["annual"] == "list" and not codes:
        wrong["annual_elements"] = "Name the annual elements, or say that there are none or that they are not known."
    elif told["annual"] not in ("unknown", "none", "list"):
        wrong["annual"] = "Choose what is known of the annual elements."
    elif told["annual"] != "unknown":
        body["annual_elements"] = codes if told["annual"] == "list" else []
    for name, (label, _) in _WHOLE.items():
        _whole(told[name], name, label, body, wrong)
    for name, (label, _) in _FLAGS.items():
        if told[name] not in ("yes", "no"):
            wrong[name] = f"{label}: choose yes or no."
        body[name] = told[name] == "yes"
    try:
        body["minor_share"] = float(told["minor_share"])
    except ValueError:
        wrong["minor_share"] = "Write the minor share as a number between 0 and 1, such as 0.25."
    body["unknown_departments"] = told["unknown_departments"]
    allowances: dict[str, Any] = {}
    body["allowances"] = allowances
    for one in standard.criteria:
        _whole(told[f"allowance_{one.code}"], one.code, f"Criterion {one.code}", allowances, wrong, "allowance_")
    return body, wrong


def _whole(text: str, name: str, label: str, into: dict[str, Any], wrong: Wrong, before: str = "") -> None:
    if text.isascii() and text.isdigit() and len(text) < 7:
        into[name] = int(text)
    else:
        wrong[f"{before}{name}"] = f"{label}: write a whole number, 0 or more."


def _faults(why: str, standard: Standard) -> Wrong:
    """What is wrong with a profile, at the field that its words name."""
    named = sorted((field.name for field in _form(standard) if field.name in why), key=len, reverse=True)
    words = why.removeprefix("the profile: ").replace("`", "").replace("_", " ")
    return {named[0] if named else "name": sentence(words)}


ROUTES = (Route("", profiles), Route("/new", new), Route("/new", added, ("POST",)))
