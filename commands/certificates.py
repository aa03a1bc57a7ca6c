"""Certificates: list, add, change, end; each change is a load of its own, checked as a file is."""

from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, Why, day, sub_app, today
from commands.printing import show
from commands.registers import held_row, history, refuse_known, register, state

certificate_app = sub_app()

Code = Annotated[str, typer.Argument(help="The certificate's code. Example: CSE-2026")]
Expires = Annotated[
    str, typer.Option("--expires-on", help="The first day without it. Example: --expires-on 2029-03-07")
]
SitesRequired = Annotated[
    int | None, typer.Option(min=0, help="The stated number of sites that need a visit. Example: --sites-required 12")
]
Body = Annotated[
    str | None, typer.Option("--certification-body", help='Who awarded it. Example: --certification-body "Assured Ltd"')
]
Profile = Annotated[
    str | None, typer.Option(help="The profile it is held to; the tenant's own unless given. Example: --profile ours")
]


@certificate_app.command("list")
def certificate_list(tenant: Tenant, printed: Printed = None) -> None:
    """List the certificates. Example: assay certificate list --tenant ASHCOMBE."""
    show(register(tenant, "certificates"), printed, "certificates")


@certificate_app.command("history")
def certificate_history(code: Code, tenant: Tenant, printed: Printed = None) -> None:
    """Show what was said of one, newest load first. Example: assay certificate history CSE-2026 --tenant ASHCOMBE."""
    show(history(tenant, "certificates", code), printed, "history")


@certificate_app.command("add")
def certificate_add(
    code: Code,
    awarded_on: Annotated[str, typer.Option(help="The day of the award. Example: --awarded-on 2026-03-07")],
    expires_on: Expires,
    tenant: Tenant,
    department: Annotated[
        str | None, typer.Option(help="Who holds it; the organisation itself unless given. Example: --department LIB")
    ] = None,
    sites_required: SitesRequired = None,
    certification_body: Body = None,
    profile: Profile = None,
    why: Why = "",
) -> None:
    """Add a certificate.

    Example: assay certificate add C1 --awarded-on 2026-03-07 --expires-on 2029-03-07 --tenant ASHCOMBE
    """
    refuse_known(tenant, "certificates", code)
    said: dict[str, object] = {
        "certificate_code": code,
        "department_code": department,
        "awarded_on": day(awarded_on, "--awarded-on"),
    }
    said |= {"expires_on": day(expires_on, "--expires-on"), "sites_required": sites_required}
    state(tenant, "certificates", said | {"certification_body": certification_body, "profile": profile}, why)


@certificate_app.command("change")
def certificate_change(
    code: Code,
    tenant: Tenant,
    awarded_on: Annotated[
        str | None, typer.Option(help="The day of the award. Example: --awarded-on 2026-03-07")
    ] = None,
    expires_on: Annotated[
        str | None, typer.Option(help="The first day without it. Example: --expires-on 2029-03-07")
    ] = None,
    sites_required: SitesRequired = None,
    certification_body: Body = None,
    profile: Profile = None,
    why: Why = "",
) -> None:
    """Change what is given. Example: assay certificate change C1 --sites-required 9 --tenant ASHCOMBE."""
    row = held_row(tenant, "certificates", code)
    said: dict[str, object] = {"certificate_code": code, "sites_required": sites_required}
    said |= {"awarded_on": day(awarded_on, "--awarded-on") if awarded_on else row["awarded_on"]}
    said |= {"expires_on": day(expires_on, "--expires-on") if expires_on else row["expires_on"]}
    state(tenant, "certificates", said | {"certification_body": certification_body, "profile": profile}, why)


@certificate_app.command("end")
def certificate_end(
    code: Code,
    tenant: Tenant,
    on: Annotated[
        str | None,
        typer.Option(help="The first day on which it is not in force; today unless given. Example: --on 2026-04-01"),
    ] = None,
    back: Annotated[bool, typer.Option("--not", help="Take back that it ended.")] = False,
    why: Why = "",
) -> None:
    """Say that a certificate was suspended or withdrawn. Example: assay certificate end C1 --tenant ASHCOMBE."""
    row = held_row(tenant, "certificates", code)
    ended = "" if back else today() if on is None else day(on, "--on")
    said: dict[str, object] = {
        "certificate_code": code,
        "awarded_on": row["awarded_on"],
        "expires_on": row["expires_on"],
    }
    state(tenant, "certificates", said | {"ended_on": ended}, why)
