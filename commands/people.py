"""People who sign in: user add."""

from typing import Annotated

import typer

from commands.arguments import Role, sub_app
from commands.printing import say

user_app = sub_app()


@user_app.command("add")
def user_add(
    email: str,
    role: Annotated[Role, typer.Option(help="What they may do. Example: --role corporate_lead")],
    tenant: Annotated[str | None, typer.Option(help="The tenant's code; an operator needs none.")] = None,
    department: Annotated[
        list[str] | None, typer.Option(help="Only this department and what lies below; may be repeated.")
    ] = None,
) -> None:
    """Give a person a role; print a one-time password for a new one. Example: assay user add a@b.uk --role assessor."""
    from db.people import add_user

    password = add_user(email, role.value, tenant, department or [])
    if password is None:
        say(f"{email} has the role {role.value} now, and keeps the password")
    else:
        say("a password for the first sign-in, which asks for one of their own:")
        print(password)
