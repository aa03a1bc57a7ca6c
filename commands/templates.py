"""Files to be filled in and sent back: template."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Tenant, sub_app, today
from commands.printing import say

template_app = sub_app()


class Kind(StrEnum):
    """What is to be filled in: the self-assessment workbook, or one canonical table."""

    WORKBOOK = "workbook"
    DEPARTMENTS = "departments"
    SITES = "sites"
    CERTIFICATES = "certificates"
    ASSESSMENTS = "assessments"
    VISITS = "visits"
    RESULTS = "results"
    ACTIONS = "actions"
    EVIDENCE = "evidence"
    CUSTOMER_GROUPS = "customer_groups"
    SERVICE_STANDARDS = "service_standards"


@template_app.command("template")
def template(
    tenant: Tenant,
    out: Annotated[Path, typer.Option("--out", help="Where to write it. Example: --out housing.xlsx")],
    department: Annotated[
        str | None, typer.Option(help="With what is known of this department; blank unless given. Example: HOU")
    ] = None,
    kind: Annotated[
        Kind, typer.Option(help="The self-assessment workbook, or a table. Example: --kind evidence")
    ] = Kind.WORKBOOK,
) -> None:
    """Write a workbook to fill in. Example: assay template --tenant ASHCOMBE --department HOU --out housing.xlsx."""
    from db.tenants import scope_of
    from etl.template import template as made
    from scheme.errors import UsageError

    body = made(scope_of(tenant), kind.value, department, today())
    try:
        out.write_bytes(body)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); choose another place with --out") from error
    say(f"{out} is written: {kind.value.replace('_', ' ')}" + (f" of {department}" if department else ", blank"))
