"""Departments: what there is, and how one is opened, closed, renamed, moved, merged and recoded (etl.by_hand)."""

from collections.abc import Callable
from datetime import date
from typing import Any

from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.forms import (
    ORGANISATION,
    Act,
    Cell,
    Field,
    Table,
    Wrong,
    address,
    called,
    choices,
    code_asked,
    day,
    faults,
    history,
    in_load,
    row_of,
    rows_of,
    sender,
    tree,
)
from dashboard.administration.frame import day_of, done, sent, sentence, shown, today
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.words import count
from db.recode import former_codes
from db.roles import ADMINISTER
from db.session import open_session
from etl import by_hand
from etl.by_hand import Done
from scheme.errors import UsageError

_LIST = Act("Departments", address("departments"))
_CODE = Field("code", "Code", "hidden")
_WHY = Field("why", "Why", hint="It is kept with the change.")
_NO_DAY = "Write the day as in 2026-04-01."
_LABELS = {
    "department_code": "Code",
    "department_name": "Name",
    "parent_code": "Directly below",
    "active_from": "Active from",
    "active_to": "Closed from",
    "contact": "Contact",
}
_COLUMNS = {
    "department_name": "Name",
    "parent_code": "Directly below",
    "active_from": "Active from",
    "active_to": "Closed from",
}


@needs(ADMINISTER)
def departments() -> Response:
    """The departments as they lie below each other, and the codes that some had before."""
    rows, sites = rows_of("departments"), rows_of("sites")
    with open_session(current_scope()) as session:
        former = former_codes(session)
    open_now = sum(_is_open(row) for row in rows)
    return shown(
        "register",
        "Departments",
        lead="What is assessed, as it lies below each other. Nothing is ever deleted: a department is closed, and what "
        "was found there stays.",
        acts=[Act("Open a department", address("departments", "/open"))],
        tables=[
            Table(
                f"{count(len(rows), 'department')}, {open_now} of them open today",
                ["Department", "Code", "State", "Sites"],
                [_listed(row, depth, sites) for row, depth in tree(rows)],
                "There are no departments yet. Open one here, or load a table of departments.",
            ),
            *([_former(former)] if former else []),
        ],
    )


def _listed(row: Any, depth: int, sites: list[dict[str, Any]]) -> list[Cell]:
    code = row["department_code"]
    held = sum(code in site["department_code"] for site in sites)
    name = Cell(row["department_name"] or code, _change(code), depth=depth)
    return [name, Cell(code), _state(row), Cell(str(held or ""))]


def _state(row: Any) -> Cell:
    if not row["is_confirmed"]:
        return Cell("Please confirm", tag="warn")
    if row["active_to"] is not None:
        ahead = row["active_to"] > today()
        return Cell(
            f"{'Closes on' if ahead else 'Closed from'} {day(row['active_to'])}", tag="warn" if ahead else "quiet"
        )
    if row["active_from"] is not None and row["active_from"] > today():
        return Cell(f"Opens on {day(row['active_from'])}", tag="quiet")
    return Cell("Open")


def _is_open(row: Any) -> bool:
    begun = row["active_from"] is None or row["active_from"] <= today()
    return begun and (row["active_to"] is None or row["active_to"] > today())


def _former(former: dict[str, tuple[str, date]]) -> Table:
    rows = [
        [Cell(old), Cell(new), Cell(day(since)), Cell("Forget", address("departments", "/forget", code=old))]
        for old, (new, since) in sorted(former.items())
    ]
    return Table(
        "Former codes: files that still say them are read as the present ones",
        [
            "Former code",
            "Read as",
            "Since",
            "",
        ],
        rows,
    )


def _change(code: str) -> str:
    return address("departments", "/change", code=code)


@needs(ADMINISTER)
def change() -> Response:
    """One department as it holds now, what can be done with it, and what was said of it before."""
    row = row_of("departments", code_asked())
    code, every = row["department_code"], rows_of("departments")
    names = {one["department_code"]: called(one) for one in every}
    sites = [site["site_name"] or site["site_code"] for site in rows_of("sites") if code in site["department_code"]]
    below = [called(one) for one in every if one["parent_code"] == code]
    facts = [
        ("Code", code),
        ("Name", row["department_name"]),
        ("Directly below", names.get(row["parent_code"] or "", row["parent_code"]) or ORGANISATION),
        ("Active from", day(row["active_from"])),
        ("Closed from", day(row["active_to"])),
        ("Contact", row["contact"]),
        ("Directly below it", "; ".join(below)),
        ("Sites", "; ".join(sites)),
    ]
    if not row["is_confirmed"]:
        facts.insert(0, ("State", "Taken in because a row named its code; rename it to confirm that it exists."))
    wanted = ["rename", "move", *(["reopen"] if row["active_to"] else ["close", "merge"]), "recode"]
    doable = [Act(ACTS[name][0], address("departments", f"/{name}", code=code), ACTS[name][1]) for name in wanted]
    past = history("departments", code, _COLUMNS, names)
    return shown("register", row["department_name"] or code, up=_LIST, facts=facts, doable=doable, tables=[past])


# --- one form for each thing that can be done -------------------------------------------------------------------------

# What it is called, and what it does in a sentence.
ACTS = {
    "rename": ("Rename", "Another name; the code stays."),
    "move": ("Move", "Below another department, with all that lies below it."),
    "close": ("Close", "From a day on it is not active. Its results, sites and certificates stay."),
    "reopen": ("Reopen", "As if it had not been closed."),
    "merge": (
        "Merge into another",
        "From a day on it is closed, and what lies directly below it and its sites are the other's. Its own results, "
        "certificates and history stay its own.",
    ),
    "recode": (
        "Recode: give it another code",
        "All that names it is said again under the new code. Files that still say the old code are understood, and "
        "people's roles follow.",
    ),
}


_DOING = {name: words.partition(" ")[0].removesuffix(":") for name, (words, _) in ACTS.items()}


@needs(ADMINISTER)
def open_form() -> Response:
    """The form for a new department."""
    return _opening({})


@needs(ADMINISTER)
def opened() -> Response:
    """Open a department."""
    told = sent("department_code", "department_name", "parent_code", "active_from", "contact", "why")
    try:
        since = day_of(told["active_from"])
    except ValueError:
        return _opening(told, {"active_from": _NO_DAY})
    scope = current_scope()
    try:
        outcome = by_hand.open_department(
            scope,
            told["department_code"],
            told["department_name"],
            parent=told["parent_code"],
            active_from=since,
            contact=told["contact"],
            sent_by=sender(scope),
            why=told["why"],
            today=today(),
        )
    except UsageError as error:
        named = [name for name in _LABELS if str(error).startswith(name)]
        return _opening(told, {named[0] if named else "department_code": _plainly(error)})
    return _finished(outcome, told["department_code"])


def _opening(told: dict[str, Any], wrong: Wrong | None = None) -> Response:
    form = [
        Field("department_code", "Code", hint="As senders write it in their files, such as HWY.", needed=True),
        Field("department_name", "Name", needed=True),
        Field("parent_code", "Directly below", "select", choices=choices(rows_of("departments"))),
        Field("active_from", "Active from", "date", hint="Empty: since ever."),
        Field("contact", "Contact"),
        _WHY,
    ]
    return _form("Open a department", "open", form, told, wrong, "Open the department")


def _form(
    title: str, below: str, form: list[Field], told: dict[str, Any], wrong: Wrong | None, do: str, lead: str = ""
) -> Response:
    code = told.get("code")
    up = Act(f"Department {code}", _change(code)) if code and below != "forget" else _LIST
    action = address("departments", f"/{below}")
    return shown("form", title, wrong, up=up, lead=lead, action=action, form=form, told=told, do=do)


def _finished(outcome: Done, code: str) -> Response:
    return done(f"{outcome.said}. {in_load(outcome.load_number)}", _change(code))


def _plainly(error: UsageError) -> str:
    """A refusal as a sentence, with the columns of the table called as the form calls them."""
    return " ".join(faults(str(error), _LABELS).values())


def _pair(
    name: str, fields: Callable[[dict[str, Any]], list[Field]], do: Callable[..., Done], target: str = "code"
) -> tuple[Callable[[], Response], Callable[[], Response]]:
    """The form of something that can be done with one department, and the doing of it.

    `fields`: the department's row -> the form's fields beside its code and why. The first one is what a refusal is
    about. `target`: the field that has the code under which the department is found afterwards.
    """

    def page(row: dict[str, Any], told: dict[str, Any], wrong: Wrong | None = None) -> Response:
        form = [_CODE, *fields(row), _WHY]
        title = f"{_DOING[name]} {called(row)}"
        return _form(title, name, form, told, wrong, _DOING[name], ACTS[name][1])

    def ask() -> Response:
        row = row_of("departments", code_asked())
        first = {field.name: row.get(field.name) or "" for field in fields(row)}
        return page(row, {**first, "code": row["department_code"]})

    def act() -> Response:
        names = [field.name for field in fields({})]
        told = sent("code", *names, "why")
        row, scope = row_of("departments", told["code"]), current_scope()
        given: dict[str, Any] = {field: told[field] for field in names}
        if "on" in given:
            try:
                given["on"] = day_of(told["on"])
            except ValueError:
                return page(row, told, {"on": _NO_DAY})
            if given["on"] is None:
                return page(row, told, {"on": "Say from which day."})
        try:
            outcome = do(scope, told["code"], *given.values(), sent_by=sender(scope), why=told["why"], today=today())
        except UsageError as error:
            return page(row, told, {names[0] if names else "": _plainly(error)})
        return _finished(outcome, told[target])

    ask.__name__, act.__name__ = name, f"{name}_done"
    ask.__doc__, act.__doc__ = f"The form to {name} a department.", f"{name.capitalize()} a department."
    return needs(ADMINISTER)(ask), needs(ADMINISTER)(act)


def _others(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The departments that one may lie below: not itself, and nothing that lies below it."""
    every = rows_of("departments") if row else []
    out, code = set[str](), row.get("department_code")
    more = {code} if code else set()
    while more:
        out |= more
        more = {one["department_code"] for one in every if one["parent_code"] in out} - out
    return choices(every, out)


def _renamed(_: dict[str, Any]) -> list[Field]:
    return [Field("department_name", "Name", needed=True)]


def _moved(row: dict[str, Any]) -> list[Field]:
    return [Field("parent_code", "Directly below", "select", choices=_others(row))]


def _closed(_: dict[str, Any]) -> list[Field]:
    return [Field("on", "Closed from", "date", "The first day on which it is not active any more.", needed=True)]


def _merged(row: dict[str, Any]) -> list[Field]:
    others = [("", "Choose one"), *_others(row)[1:]]
    return [
        Field("into", "Into", "select", choices=others),
        Field("on", "From", "date", "The first day on which it is not active any more.", needed=True),
    ]


def _recoded(_: dict[str, Any]) -> list[Field]:
    return [Field("to", "New code", hint="One that is not in use.", needed=True)]


def _into(scope: Any, code: str, into: str, on: date, **rest: Any) -> Done:
    if not into:
        raise UsageError("choose the department that it becomes a part of")
    return by_hand.merge_departments(scope, code, into, on, **rest)


@needs(ADMINISTER)
def forget() -> Response:
    """Ask before a former code is forgotten."""
    return _forgetting({"code": code_asked()})


@needs(ADMINISTER)
def forgotten() -> Response:
    """Forget that a department had a code before."""
    told, scope = sent("code"), current_scope()
    try:
        outcome = by_hand.forget_code(scope, told["code"], sent_by=sender(scope), today=today())
    except UsageError as error:
        return _forgetting(told, {"": sentence(error)})
    return done(f"{outcome.said}.", _LIST.href)


def _forgetting(told: dict[str, Any], wrong: Wrong | None = None) -> Response:
    lead = (
        f"Files that say {told['code']} would then mean a department of that code, and take it in as new where there "
        "is none. Forget it once every sender has changed over and the code is wanted for another department."
    )
    return _form(f"Forget the former code {told['code']}", "forget", [_CODE], told, wrong, "Forget it", lead)


_PAIRS = {
    "rename": _pair("rename", _renamed, by_hand.rename_department),
    "move": _pair("move", _moved, by_hand.move_department),
    "close": _pair("close", _closed, by_hand.close_department),
    "reopen": _pair("reopen", lambda _: [], by_hand.reopen_department),
    "merge": _pair("merge", _merged, _into),
    "recode": _pair("recode", _recoded, by_hand.recode_department, "to"),
}
ROUTES = (
    Route("", departments),
    Route("/open", open_form),
    Route("/open", opened, ("POST",)),
    Route("/change", change),
    Route("/forget", forget),
    Route("/forget", forgotten, ("POST",)),
    *(Route(f"/{name}", ask) for name, (ask, _) in _PAIRS.items()),
    *(Route(f"/{name}", act, ("POST",)) for name, (_, act) in _PAIRS.items()),
)
