"""One piece of evidence, said or corrected by hand, with all the elements that it serves."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Field, Wrong, day, typed
from dashboard.administration.frame import sent
from dashboard.entering import Form
from dashboard.entering.choices import CORPORATE, Choices
from dashboard.entering.form import Held, Kind, opened, taken
from dashboard.gate import needs
from dashboard.words import day as in_words
from dashboard.words import listing
from db.registers import sayings
from db.roles import SEND
from scheme.tables import TABLES

# fmt: off
_FIELDS = (
    "department_code", "element", "evidence_code", "serves", "evidence", "kind", "site_code", "shown_by", "link",
    "owner", "expires_on", "note", "why", "seen",
)
# fmt: on
_KINDS = (
    ("", "Not stated"),
    ("descriptive", "Descriptive: says what is done"),
    ("supportive", "Supportive: shows that it is done"),
    ("observed", "Observed: see on site"),
)
_VALUES = TABLES["evidence"].values


def _fields(may: Choices) -> list[Field]:
    return [
        Field("department_code", "Department", "select", needed=True, choices=may.of_departments()),
        Field("element", "Element", "select", needed=True, choices=[("", "Choose one"), *may.elements]),
        Field("evidence_code", "Code", hint="The same code under every element it serves, such as ES 12.", needed=True),
        Field("evidence", "What it is", needed=True),
        Field(
            "serves",
            "Other elements it serves",
            hint="Codes, with ; between. The same is said of each of them; one that is left out stays as it is.",
        ),
        Field("kind", "Kind", "select", choices=_KINDS),
        Field("link", "Link", hint="Where it can be read: https://… is shown as a link, anything else as text."),
        Field("site_code", "Site where it is seen", "select", choices=[("", "No one site"), *may.sites.items()]),
        Field("shown_by", "Who shows it there"),
        Field("owner", "Owner", hint="Who keeps it up to date."),
        Field("expires_on", "Expires on", "date", "The first day on which it no longer holds. Empty: no day is set."),
        Field("note", "Note", "area", rows=3),
    ]


def _rows(session: Any, told: Mapping[str, str]) -> list[dict[str, Any]]:
    """The evidence under an element, each with the other elements of which the very same is said (`serves`)."""
    code, element = told.get("department_code", ""), told.get("element", "")
    if not code or not element:
        return []
    of = {"department_code": "" if code == CORPORATE else code}
    rows = sayings(session, "evidence", {**of, "element": element})
    every = sayings(session, "evidence", of) if rows else []
    return [row | {"serves": "; ".join(_others(row, every))} for row in rows]


def _others(row: Held, every: Sequence[Held]) -> list[str]:
    """The other elements under which the code stands with the same said of it."""
    same = [one for one in every if one["evidence_code"] == row["evidence_code"] and _says_alike(one, row)]
    return sorted(one["element"] for one in same if one["element"] != row["element"])


def _says_alike(one: Held, other: Held) -> bool:
    return all(one[name] == other[name] for name in _VALUES)


def _also(session: Any, told: Mapping[str, str], held: Held | None) -> tuple[list[dict[str, str]], Wrong]:
    """The same row for each other element it serves; nothing that was not seen on the form is overwritten.

    An element under which the code says otherwise than the form was opened on is one to be opened by itself.
    """
    codes = dict.fromkeys(code for code in re.split(r"[;,\s]+", told["serves"]) if code != told["element"])
    codes.pop("", None)
    columns = {name: value for name, value in told.items() if name != "serves"}
    there = {
        row["element"]: row
        for row in sayings(session, "evidence", {"department_code": told["department_code"]})
        if row["evidence_code"] == told["evidence_code"]
    }
    otherwise = [
        code
        for code in codes
        if code in there
        and not _says_same(there[code], columns)
        and not (held is not None and _says_alike(there[code], held))
    ]
    if otherwise:
        name, verb = listing(otherwise), "says" if len(otherwise) == 1 else "say"
        return [], {
            "serves": f"{name} {verb} otherwise of {told['evidence_code']} already. Leave out, and open by itself."
        }
    return [columns | {"element": code} for code in codes], {}


def _says_same(row: Held, columns: Mapping[str, str]) -> bool:
    return all(typed(row[name]) == columns[name] for name in _VALUES)


def _where(told: Mapping[str, str], may: Choices) -> str:
    where = may.departments.get(told["department_code"], told["department_code"]).strip()
    return f"{where}, {told['element']}"


def _which(told: Mapping[str, str], _: Choices) -> str:
    return f"evidence {told['evidence_code']}"


def _value(told: Mapping[str, str], _: Choices) -> str:
    name = told["evidence"] or told["evidence_code"]
    return f"{name}, until {in_words(date.fromisoformat(told['expires_on']))}" if told["expires_on"] else name


def _listed(row: Mapping[str, Any], may: Choices) -> list[str]:
    seen = may.sites.get(row["site_code"], row["site_code"]) if row["site_code"] else ""
    where = "; ".join(filter(None, (seen, row["shown_by"], row["link"])))
    return [row["evidence"] or "", row["kind"] or "", where, row["owner"] or "", day(row["expires_on"])]


def _acts(told: Mapping[str, str]) -> list[Act]:
    code = "" if told["department_code"] == CORPORATE else told["department_code"]
    query = urlencode({name: value for name, value in (("department", code), ("element", told["element"])) if value})
    acts = [Act("See it among the evidence", f"/evidence?{query}")]
    site = told["site_code"]
    return [*acts, Act("See what is seen at this site", f"/evidence?{urlencode({'site': site})}")] if site else acts


EVIDENCE = Kind(
    "evidence",
    "evidence",
    "evidence",
    "What a department shows for an element, where it is found or seen, who keeps it and until when it holds. "
    "Department, element and code say which it is: where it is there already it is corrected, and what was said before "
    "stays as history.",
    _fields,
    _rows,
    lambda told: bool(told.get("department_code") and told.get("element")),
    ("What it is", "Kind", "Where", "Owner", "Expires"),
    _listed,
    _where,
    _which,
    _value,
    _acts,
    {},
    dict.fromkeys(set(_FIELDS) - {"serves", "why", "seen"}, ""),
    beside=("serves",),
    also=_also,
    up=Act("Evidence", "/evidence"),
)


@needs(SEND)
def evidence() -> Response:
    """The form for evidence."""
    asked = {
        "department_code": request.args.get("department_code", ""),
        "element": request.args.get("element", ""),
        "evidence_code": request.args.get("evidence_code", ""),
    }
    return opened(EVIDENCE, asked)


@needs(SEND)
def evidence_taken() -> Response:
    """Take evidence."""
    return taken(EVIDENCE, sent(*_FIELDS))


FORMS = (Form("evidence", evidence, evidence_taken),)
