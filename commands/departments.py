"""Departments: list, open, close, reopen, rename, move, merge, recode, forget; each change in one load of its own."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.arguments import Printed, Tenant, Why, day, sender, sub_app, today
from commands.printing import say, show
from commands.registers import history, register
from scheme.errors import UsageError

if TYPE_CHECKING:
    from etl.by_hand import Done

department_app = sub_app()

Code = Annotated[str, typer.Argument(help="The department's code. Example: HWY")]
On = Annotated[str | None, typer.Option("--on", help="From which day; today unless given. Example: --on 2026-04-01")]


@department_app.command("list")
def department_list(tenant: Tenant, printed: Printed = None) -> None:
    """List the departments, with the codes they had before. Example: assay department list --tenant ASHCOMBE."""
    import polars as pl

    from db.recode import former_codes
    from db.session import open_session
    from db.tenants import scope_of

    frame = register(tenant, "departments")
    with open_session(scope_of(tenant)) as session:
        former = former_codes(session)
    before = [sorted(old for old, (new, _) in former.items() if new == code) for code in frame["department_code"]]
    show(frame.with_columns(pl.Series("former_codes", before, pl.List(pl.String))), printed, "departments")


@department_app.command("history")
def department_history(code: Code, tenant: Tenant, printed: Printed = None) -> None:
    """Show what was said of one, newest load first. Example: assay department history HWY --tenant ASHCOMBE."""
    show(history(tenant, "departments", code), printed, "history")


@department_app.command("open")
def department_open(
    code: Code,
    name: Annotated[str, typer.Option(help='What it is called. Example: --name "Highways"')],
    tenant: Tenant,
    below: Annotated[str, typer.Option(help="The department directly above it. Example: --below PLACE")] = "",
    since: Annotated[
        str | None, typer.Option("--from", help="Its first day; since ever unless given. Example: --from 2026-04-01")
    ] = None,
    contact: Annotated[str, typer.Option(help="Whom to ask. Example: --contact highways@ashcombe.example")] = "",
    why: Why = "",
) -> None:
    """Open a new department. Example: assay department open HWY --name Highways --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import open_department

    active_from = None if since is None else day(since, "--from")
    done = open_department(
        scope_of(tenant),
        code,
        name,
        parent=below,
        active_from=active_from,
        contact=contact,
        sent_by=sender(),
        why=why,
    )
    _told(done)


@department_app.command("close")
def department_close(code: Code, tenant: Tenant, on: On = None, why: Why = "") -> None:
    """Close a department; its results stay. Example: assay department close HWY --on 2026-04-01 --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import close_department

    first = today() if on is None else day(on, "--on")
    _told(close_department(scope_of(tenant), code, first, sent_by=sender(), why=why))


@department_app.command("reopen")
def department_reopen(code: Code, tenant: Tenant, why: Why = "") -> None:
    """Take back that a department is closed. Example: assay department reopen HWY --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import reopen_department

    _told(reopen_department(scope_of(tenant), code, sent_by=sender(), why=why))


@department_app.command("rename")
def department_rename(
    code: Code,
    name: Annotated[str, typer.Option(help='What it is called now. Example: --name "Highways and parking"')],
    tenant: Tenant,
    why: Why = "",
) -> None:
    """Give a department another name. Example: assay department rename HWY --name Roads --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import rename_department

    _told(rename_department(scope_of(tenant), code, name, sent_by=sender(), why=why))


@department_app.command("move")
def department_move(
    code: Code,
    tenant: Tenant,
    below: Annotated[
        str | None, typer.Option(help="The department that is to be directly above it. Example: --below PLACE")
    ] = None,
    top: Annotated[bool, typer.Option("--top", help="Directly below the organisation itself.")] = False,
    why: Why = "",
) -> None:
    """Move a department and all below it. Example: assay department move HWY --below PLACE --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import move_department

    if (below is None) != top:
        raise UsageError("say where to: --below CODE or --top")
    _told(move_department(scope_of(tenant), code, below or "", sent_by=sender(), why=why))


@department_app.command("merge")
def department_merge(
    code: Code,
    into: Annotated[str, typer.Option(help="The department that takes over. Example: --into PLACE")],
    tenant: Tenant,
    on: On = None,
    why: Why = "",
) -> None:
    """Merge a department into another. Example: assay department merge HWY --into PLACE --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import merge_departments

    first = today() if on is None else day(on, "--on")
    _told(merge_departments(scope_of(tenant), code, into, first, sent_by=sender(), why=why))


@department_app.command("recode")
def department_recode(
    code: Code,
    to: Annotated[str, typer.Option(help="Its code from now on. Example: --to ROADS")],
    tenant: Tenant,
    why: Why = "",
) -> None:
    """Give a department another code, everywhere. Example: assay department recode HWY --to ROADS --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import recode_department

    _told(recode_department(scope_of(tenant), code, to, sent_by=sender(), why=why))


@department_app.command("forget")
def department_forget(
    code: Annotated[str, typer.Argument(help="The code it had before. Example: HWY")], tenant: Tenant
) -> None:
    """Let a former code be free for another department. Example: assay department forget HWY --tenant ASHCOMBE."""
    from db.tenants import scope_of
    from etl.by_hand import forget_code

    _told(forget_code(scope_of(tenant), code, sent_by=sender()))


def _told(done: "Done") -> None:
    say(done.said + (f" (load {done.load_number})" if done.load_number else ""))
