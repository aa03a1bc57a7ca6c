"""Sites: where customers are served, whose they are, and from when until when they are in scope."""

from collections.abc import Mapping

from dashboard.administration.forms import Cell, Field, day, rows_of, tree
from dashboard.administration.forms import called as name_of
from dashboard.administration.register import Register, Row

_YES_NO = (("", "Not stated"), ("yes", "Yes"), ("no", "No"))


def _listed(row: Row, names: Mapping[str, str]) -> list[Cell]:
    whose = ", ".join(names.get(code, code) for code in row["department_code"]) or "The organisation itself"
    since, until = day(row["in_scope_from"]), day(row["in_scope_to"])
    scope = f"From {since} until {until}" if since and until else f"Until {until}" if until else ""
    scope = scope or (f"From {since}" if since else "Always")
    state = Cell("Please confirm", tag="warn") if not row["is_confirmed"] else Cell("Yes" if row["must_visit"] else "")
    return [Cell(row["site_name"] or ""), Cell(whose), Cell(scope), state]


def _fields() -> list[Field]:
    departments = [(row["department_code"], name_of(row), depth + 1) for row, depth in tree(rows_of("departments"))]
    return [
        Field("site_code", "Code", hint="As senders write it in their files.", needed=True),
        Field("site_name", "Name"),
        Field(
            "department_code",
            "Departments",
            "boxes",
            "Whose site it is. None: the organisation's itself.",
            choices=departments,
        ),
        Field("in_scope_from", "In scope from", "date", "Empty: since ever."),
        Field(
            "in_scope_to", "In scope until", "date", "The first day on which it is not. Empty: until further notice."
        ),
        Field("must_visit", "To be visited in every cycle", "select", choices=_YES_NO),
        Field("central_function", "A central function", "select", choices=_YES_NO),
        Field("address", "Address"),
        Field("latitude", "Latitude", "number", "Degrees, such as 51.5."),
        Field("longitude", "Longitude", "number", "Degrees, such as -0.12."),
    ]


ROUTES = Register(
    "sites",
    "Sites",
    "site",
    "Where customers are served. A site that is given up leaves the scope from a day on; it is never deleted, so that "
    "its visits and results stay.",
    ("Code", "Name", "Departments", "In scope", "Must be visited"),
    _listed,
    _fields,
    {
        "site_name": "Name",
        "department_code": "Departments",
        "in_scope_from": "In scope from",
        "in_scope_to": "In scope until",
        "must_visit": "Must be visited",
    },
).routes()
