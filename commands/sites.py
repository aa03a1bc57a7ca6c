"""Sites: list, add, change, close, reopen; each change is a load of its own, checked as a file is."""

from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, Why, day, sub_app, today
from commands.printing import show
from commands.registers import held_row, history, refuse_known, register, state

site_app = sub_app()

Code = Annotated[str, typer.Argument(help="The site's code. Example: LIB-01")]
Departments = Annotated[
    list[str] | None,
    typer.Option("--department", help="Whose it is; may be repeated. Example: --department LIB"),
]
Since = Annotated[
    str | None, typer.Option("--from", help="The first day on which it is in scope. Example: --from 2026-04-01")
]
MustVisit = Annotated[
    bool | None, typer.Option("--must-visit/--no-must-visit", help="Whether a visit is owed to it in every cycle.")
]
Central = Annotated[
    bool | None,
    typer.Option("--central-function/--no-central-function", help="Whether it is a central function."),
]
Address = Annotated[str | None, typer.Option(help='Where it is. Example: --address "1 High Street"')]
Latitude = Annotated[str | None, typer.Option(help="Degrees north. Example: --latitude 51.5")]
Longitude = Annotated[str | None, typer.Option(help="Degrees east. Example: --longitude -1.25")]


@site_app.command("list")
def site_list(tenant: Tenant, printed: Printed = None) -> None:
    """List the sites. Example: assay site list --tenant ASHCOMBE."""
    show(register(tenant, "sites"), printed, "sites")


@site_app.command("history")
def site_history(code: Code, tenant: Tenant, printed: Printed = None) -> None:
    """Show what was said of one, newest load first. Example: assay site history LIB-01 --tenant ASHCOMBE."""
    show(history(tenant, "sites", code), printed, "history")


@site_app.command("add")
def site_add(
    code: Code,
    name: Annotated[str, typer.Option(help='What it is called. Example: --name "Central library"')],
    tenant: Tenant,
    department: Departments = None,
    since: Since = None,
    must_visit: MustVisit = None,
    central_function: Central = None,
    address: Address = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    why: Why = "",
) -> None:
    """Add a site. Example: assay site add LIB-01 --name "Central library" --department LIB --tenant ASHCOMBE."""
    refuse_known(tenant, "sites", code)
    said: dict[str, object] = {"site_code": code, "site_name": name, "department_code": department or []}
    said |= {"in_scope_from": since and day(since, "--from"), "must_visit": must_visit}
    said |= {"central_function": central_function, "address": address, "latitude": latitude, "longitude": longitude}
    state(tenant, "sites", said, why)


@site_app.command("change")
def site_change(
    code: Code,
    tenant: Tenant,
    name: Annotated[str | None, typer.Option(help='What it is called. Example: --name "Central library"')] = None,
    department: Departments = None,
    since: Since = None,
    must_visit: MustVisit = None,
    central_function: Central = None,
    address: Address = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    why: Why = "",
) -> None:
    """Change what is given; the rest stays. Example: assay site change LIB-01 --must-visit --tenant ASHCOMBE."""
    row = held_row(tenant, "sites", code)
    said: dict[str, object] = {"site_code": code, "site_name": name if name is not None else row["site_name"] or ""}
    said |= {"department_code": department or row["department_code"] or []}
    said |= {"in_scope_from": since and day(since, "--from"), "must_visit": must_visit}
    said |= {"central_function": central_function, "address": address, "latitude": latitude, "longitude": longitude}
    state(tenant, "sites", said, why)


@site_app.command("close")
def site_close(
    code: Code,
    tenant: Tenant,
    on: Annotated[
        str | None,
        typer.Option(help="The first day on which it is out of scope; today unless given. Example: --on 2026-04-01"),
    ] = None,
    why: Why = "",
) -> None:
    """Take a site out of scope; its visits stay. Example: assay site close LIB-01 --on 2026-04-01 --tenant ASHCOMBE."""
    _until(tenant, code, today() if on is None else day(on, "--on"), why)


@site_app.command("reopen")
def site_reopen(code: Code, tenant: Tenant, why: Why = "") -> None:
    """Take back that a site is out of scope. Example: assay site reopen LIB-01 --tenant ASHCOMBE."""
    _until(tenant, code, "", why)


def _until(tenant: str, code: str, until: object, why: str) -> None:
    row = held_row(tenant, "sites", code)
    said: dict[str, object] = {
        "site_code": code,
        "site_name": row["site_name"] or "",
        "department_code": row["department_code"] or [],
    }
    state(tenant, "sites", said | {"in_scope_to": until}, why)
