"""One person's data in a tenant: person show, erase."""

from typing import Annotated

import typer

from commands.arguments import Printed, Tenant, sub_app
from commands.printing import say, show
from scheme.errors import UsageError

person_app = sub_app()

Email = Annotated[str, typer.Argument(help="Their e-mail address. Example: pat@ashcombe.example")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help='What they are called in texts; may be repeated. Example: --name "Pat Smith"'),
]


@person_app.command("show")
def person_show(email: Email, tenant: Tenant, name: Names = None, printed: Printed = None) -> None:
    """Find all that a tenant holds about a person, to hand it over.

    Example: assay person show pat@ashcombe.example --tenant ASHCOMBE --name "Pat Smith" --format json
    """
    from db.person import about_person
    from db.tenants import scope_of

    show(about_person(scope_of(tenant), email, name or ()), printed, "person")


@person_app.command("erase")
def person_erase(
    email: Email,
    tenant: Tenant,
    name: Names = None,
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be undone, and that is meant.")] = False,
    printed: Printed = None,
) -> None:
    """Replace a person's address by a stub and end their way in; list the texts that a human must look at.

    Example: assay person erase pat@ashcombe.example --tenant ASHCOMBE --name "Pat Smith" --yes
    """
    from db.person import about_person, erase
    from db.tenants import scope_of

    if not yes:
        raise UsageError("this cannot be undone: say --yes, and take `assay person show` first where it is asked for")
    scope = scope_of(tenant)
    done = erase(scope, email)
    for number in done.stubs:
        say(f"person {number} is a stub now and signs in no more")
    for number in done.elsewhere:
        say(f"person {number} is needed elsewhere too: the account stays with its keeper, and may do nothing here")
    left = about_person(scope, email, name or ())
    left = left.filter(left["about"].is_in(["text", "action owned", "file", "not looked into"]))
    say(f"{done.copies} copies of the address replaced; {left.height} places are listed for somebody to look at")
    show(left, printed, "left")
