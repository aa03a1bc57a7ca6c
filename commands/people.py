"""People who sign in: what they may do where, and their way in.

Without --tenant an account is any of the warehouse; with it, somebody of that tenant, as its administrators see them.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import Export, Printed, Role, Tenant, actor, day, sub_app
from commands.printing import say, show
from scheme.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from db.members import Given

user_app = sub_app()
sessions_app = sub_app()
user_app.add_typer(sessions_app, name="sessions", help="Where people are signed in.")

Email = Annotated[str, typer.Argument(help="Their e-mail address. Example: pat@ashcombe.example")]
Who = Annotated[
    str, typer.Argument(help="Their e-mail address, or number in `assay user list`. Example: pat@ashcombe.example")
]
Whose = Annotated[
    str | None,
    typer.Option("--tenant", help="One of this tenant's people; any account unless given. Example: --tenant ASHCOMBE"),
]
Granted = Annotated[Role, typer.Option("--role", help="What they may do. Example: --role corporate_lead")]
Departments = Annotated[
    list[str] | None,
    typer.Option(
        "--department", help="Only this department and what lies below; may be repeated. Example: --department LIB"
    ),
]
Certificates = Annotated[
    list[str] | None,
    typer.Option(
        "--certificate", help="Only in the scope of this certificate, for an assessor. Example: --certificate C1"
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--until", help="The first day without it; for ever unless given. Example: --until 2026-12-01"),
]


@user_app.command("add")
def user_add(
    email: Email,
    role: Granted,
    tenant: Annotated[
        str | None, typer.Option(help="The tenant's code; an operator needs none. Example: --tenant ASHCOMBE")
    ] = None,
    department: Departments = None,
    certificate: Certificates = None,
    until: Until = None,
    export: Export = None,
) -> None:
    """Give a person a role; print a one-time password for a new one. Example: assay user add a@b.uk --role assessor.

    The account is kept by the platform, and may be granted something in several tenants.
    """
    from db.people import add_user

    password = add_user(email, role.value, tenant, department or [], certificate or [], _until(until), export)
    if password is None:
        say(f"{email} has the role {role.value} now, and keeps the password")
    else:
        _tell(password)


@user_app.command("invite")
def user_invite(
    email: Email,
    role: Granted,
    tenant: Tenant,
    department: Departments = None,
    certificate: Certificates = None,
    until: Until = None,
    export: Export = None,
    link: Annotated[
        bool, typer.Option("--link", help="Print a link with which they choose a password, instead of one.")
    ] = False,
) -> None:
    """Make an account that the tenant keeps itself, as its administrators do; print a one-time password.

    Example: assay user invite jo@ashcombe.example --role champion --department LIB --tenant ASHCOMBE
    """
    from db.members import invite
    from db.tenants import scope_of

    given = _given(role, department, certificate, until, export)
    _tell(invite(scope_of(tenant), email, given, by_link=link), is_link=link)


@user_app.command("list")
def user_list(tenant: Whose = None, printed: Printed = None) -> None:
    """List a tenant's people, or all accounts. Example: assay user list --tenant ASHCOMBE."""
    from db.accounts import accounts

    if tenant is None:
        show(accounts(), printed, "accounts")
    else:
        show(_people(tenant), printed, "people")


@user_app.command("grant")
def user_grant(
    who: Who,
    role: Granted,
    tenant: Tenant,
    department: Departments = None,
    certificate: Certificates = None,
    until: Until = None,
    export: Export = None,
) -> None:
    """Give one of a tenant's people a role, in place of what they had there.

    Example: assay user grant jo@ashcombe.example --role assessor --certificate C1 --until 2026-12-01 --tenant ASHCOMBE
    """
    from db.members import change
    from db.tenants import scope_of

    change(scope_of(tenant), _one_of(tenant, who), _given(role, department, certificate, until, export))
    say(f"{who} has the role {role.value} in {tenant} now, and signs in again")


@user_app.command("revoke")
def user_revoke(
    who: Who,
    tenant: Annotated[
        str | None,
        typer.Option(help="Where; unless given, what an operator may do. Example: --tenant ASHCOMBE"),
    ] = None,
) -> None:
    """Take from a person all they may do in a tenant, at once. Example: assay user revoke jo@b.uk --tenant ASHCOMBE."""
    from db.accounts import revoke_operator
    from db.members import end_access
    from db.tenants import scope_of

    if tenant is None:
        revoke_operator(_one_of(None, who), actor())
        say(f"{who} runs the platform no more")
    else:
        end_access(scope_of(tenant), _one_of(tenant, who))
        say(f"{who} may do nothing in {tenant} any more")


@user_app.command("disable")
def user_disable(who: Who, tenant: Whose = None) -> None:
    """Let an account sign in no more, and end its sessions. Example: assay user disable jo@ashcombe.example."""
    from db import accounts, members
    from db.tenants import scope_of

    if tenant is None:
        accounts.disable(_one_of(None, who), actor())
    else:
        members.disable(scope_of(tenant), _one_of(tenant, who))
    say(f"{who} signs in no more")


@user_app.command("enable")
def user_enable(who: Who, tenant: Whose = None) -> None:
    """Let an account sign in again. Example: assay user enable jo@ashcombe.example."""
    from db import accounts, members
    from db.tenants import scope_of

    if tenant is None:
        accounts.enable(_one_of(None, who), actor())
    else:
        members.enable(scope_of(tenant), _one_of(tenant, who))
    say(f"{who} may sign in again")


@user_app.command("reset-password")
def user_reset_password(
    who: Who,
    tenant: Whose = None,
    password: Annotated[bool, typer.Option("--password", help="Print a one-time password instead of a link.")] = False,
) -> None:
    """Print a link with which a person chooses a password; the old one is dead, and their sessions end.

    Example: assay user reset-password jo@ashcombe.example
    """
    from db import accounts, members
    from db.tenants import scope_of

    user_id = _one_of(tenant, who)
    if tenant is not None:
        made = members.reset_password(scope_of(tenant), user_id, by_link=not password)
    elif password:
        made = accounts.new_password(user_id, actor())
    else:
        made = accounts.reset_link(user_id, actor())
    _tell(made, is_link=not password)


@user_app.command("reset-second-factor")
def user_reset_second_factor(who: Who, tenant: Whose = None) -> None:
    """Take a lost second factor away. Example: assay user reset-second-factor jo@ashcombe.example."""
    from db import accounts, second_factor
    from db.session import open_session
    from db.tenants import scope_of

    user_id = _one_of(tenant, who)
    if tenant is None:
        accounts.reset_second_factor(user_id)
    else:
        with open_session(scope_of(tenant), write=True) as session:
            second_factor.reset(session, user_id)
    say(f"{who} has no second factor now, and sets one up at the next sign-in where the role asks for one")


@sessions_app.command("end")
def user_sessions_end(who: Who, tenant: Whose = None) -> None:
    """Sign a person out, wherever they are signed in. Example: assay user sessions end jo@ashcombe.example."""
    from db import accounts, members
    from db.tenants import scope_of

    if tenant is None:
        accounts.end_their_sessions(_one_of(None, who), actor())
    else:
        members.end_their_sessions(scope_of(tenant), _one_of(tenant, who))
    say(f"{who} is signed out everywhere{f' in {tenant}' if tenant else ''}")


def _people(tenant: str) -> "pl.DataFrame":
    import polars as pl

    from db.frames import MOMENT
    from db.members import members
    from db.tenants import scope_of

    text, flag = pl.String, pl.Boolean
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "person": pl.Int64,
        "email": text,
        "kept_by": text,
        "role": text,
        "departments": pl.List(text),
        "certificates": pl.List(text),
        "until": pl.Date,
        "export": flag,
        "from_groups": flag,
        "second_factor": flag,
        "disabled": flag,
        "seen_at": MOMENT,
    }
    keepers = {"ours": "tenant", "platform": "platform", "sign_on": "sign-on"}
    rows = [
        (
            *(m.user_id, m.email, keepers.get(m.kind, m.kind), m.role or None, list(m.departments)),
            *(list(m.certificates), m.ends_on, m.may_export, m.is_from_groups, m.has_second_factor, m.is_disabled),
            m.seen_at,
        )
        for m in members(scope_of(tenant))
    ]
    return pl.DataFrame(rows, schema, orient="row")


def _one_of(tenant: str | None, who: str) -> int:
    """The number of one of a tenant's people, or of any account; UsageError where the address says none or several."""
    from db.accounts import accounts

    people = accounts() if tenant is None else _people(tenant)
    where = f"tenant {tenant}" if tenant else "the warehouse"
    wanted = who.strip().casefold()
    found = [row for row in people.to_dicts() if wanted in (row["email"], str(row["person"]))]
    if not found:
        listed = f"assay user list{f' --tenant {tenant}' if tenant else ''}"
        raise UsageError(f"nobody of {where} is '{who}'; `{listed}` lists them")
    if len(found) > 1:
        numbers = ", ".join(f"{row['person']} (kept by {row['kept_by']})" for row in found)
        raise UsageError(f"{who} has several accounts; say the number of one: {numbers}")
    return int(found[0]["person"])


def _given(
    role: Role, departments: list[str] | None, certificates: list[str] | None, until: str | None, export: bool | None
) -> "Given":
    from db.members import Given

    return Given(role.value, tuple(departments or ()), tuple(certificates or ()), _until(until), export)


def _until(text: str | None) -> date | None:
    return None if text is None else day(text, "--until")


def _tell(made: str, is_link: bool = False) -> None:
    """Print a one-time password, or the link of a token, alone on standard output."""
    if not is_link:
        say("a password for the first sign-in, which asks for one of their own:")
        print(made)
        return
    from dashboard.providers import configured_origin

    say("a link for this person alone, good once and for a day; hand it over yourself:")
    print(f"{configured_origin() or ''}/reset/{made}")
