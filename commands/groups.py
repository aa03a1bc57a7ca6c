"""What groups of a sign-on provider give: group add, list, remove."""

from typing import Annotated

import typer

from commands.arguments import Export, Printed, Role, Tenant, sub_app
from commands.printing import say, show
from scheme.errors import UsageError

group_app = sub_app()

Provider = Annotated[
    str, typer.Option("--provider", help="The provider, as the file of providers names it. Example: --provider entra")
]
Group = Annotated[str, typer.Argument(help="The group, as the provider writes it. Example: cse-leads")]


@group_app.command("add")
def group_add(
    group: Group,
    provider: Provider,
    role: Annotated[Role, typer.Option(help="What people of the group may do. Example: --role champion")],
    tenant: Tenant,
    department: Annotated[
        list[str] | None,
        typer.Option(help="Only this department and what lies below; may be repeated. Example: --department LIB"),
    ] = None,
    export: Export = None,
) -> None:
    """Let a group give a role, in place of what it gave, from each person's next sign-in on.

    Example: assay group add cse-leads --provider entra --role corporate_lead --tenant ASHCOMBE
    """
    from db.sign_on import give_to_group
    from db.tenants import scope_of

    give_to_group(scope_of(tenant), provider, group, role.value, department or [], export)
    say(f"people of the group {group} of {provider} have the role {role.value} from their next sign-in on")


@group_app.command("list")
def group_list(tenant: Tenant, printed: Printed = None) -> None:
    """List what each group gives. Example: assay group list --tenant ASHCOMBE."""
    import polars as pl

    from db.sign_on import group_roles
    from db.tenants import scope_of

    text = pl.String
    schema = {"provider": text, "group": text, "role": text, "department_code": text, "export": pl.Boolean}
    rows = [(g.provider, g.group, g.role, g.department or None, g.may_export) for g in group_roles(scope_of(tenant))]
    show(pl.DataFrame(rows, schema, orient="row"), printed, "groups")


@group_app.command("remove")
def group_remove(group: Group, provider: Provider, tenant: Tenant) -> None:
    """Let a group give nothing more. Example: assay group remove cse-leads --provider entra --tenant ASHCOMBE."""
    from db.sign_on import group_roles, take_from_group
    from db.tenants import scope_of

    scope = scope_of(tenant)
    if not any((known.provider, known.group) == (provider, group) for known in group_roles(scope)):
        raise UsageError(f"the group {group} of {provider} gives nothing; `assay group list` lists those that do")
    take_from_group(scope, provider, group)
    say(f"the group {group} of {provider} gives nothing more, from each person's next sign-in on")
