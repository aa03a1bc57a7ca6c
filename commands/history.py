"""What was sent, afterwards: withdraw a load whole, and take out a file as it was sent."""

from pathlib import Path
from typing import Annotated

import typer

from commands.arguments import Tenant, sender, sub_app
from commands.printing import say
from scheme.errors import UsageError

history_app = sub_app()

Load = Annotated[int, typer.Argument(help="The load's number. Example: 12")]


@history_app.command()
def withdraw(
    load: Load,
    tenant: Tenant,
    why: Annotated[str, typer.Option(help='Why, kept with the withdrawal. Example: --why "the wrong year"')],
    ask: Annotated[bool, typer.Option("--ask", help="Say what would go back to what, and withdraw nothing.")] = False,
) -> None:
    """Take a load back whole, as if never loaded. Example: assay withdraw 12 --tenant ASHCOMBE --why "wrong year"."""
    from db.session import open_session
    from db.tenants import scope_of
    from db.withdraw import asked
    from db.withdraw import withdraw as taken_back

    with open_session(scope_of(tenant), write=True) as session:
        done = asked(session, load) if ask else taken_back(session, load, sender(), why)
    say(f"load {load} would be withdrawn" if ask else f"load {load} is withdrawn by load {done.number}")
    for sentence in done.sentences():
        print(sentence)


@history_app.command()
def original(
    load: Load,
    file: Annotated[str, typer.Argument(help="The file's name as the list of loads has it. Example: results.csv")],
    tenant: Tenant,
    out: Annotated[Path, typer.Option(help="A new file to write it to. Example: --out results-as-sent.csv")],
) -> None:
    """Take out a file as it was sent. Example: assay original 12 results.csv --tenant ASHCOMBE --out sent.csv."""
    from db import originals
    from db.audit import record
    from db.session import open_session
    from db.tenants import scope_of

    with open_session(scope_of(tenant), write=True) as session:
        sent = originals.named(session, load, file)
        if sent is None:
            raise UsageError(f"there is no file {file} in load {load}; `assay loads` lists those there are")
        data = originals.opened(session, sent.sha256)
        if data is None:
            raise UsageError(f"{file} of load {load} was not kept as it was sent; ask whoever sent it")
        try:
            with out.open("xb") as target:
                target.write(data)
        except FileExistsError as error:
            raise UsageError(f"{out.name} is there already; name a new file") from error
        except OSError as error:
            raise UsageError(f"{out.name} cannot be written ({error.strerror}); name another file") from error
        record(session, "exported", f"original of load {load}", sha256=sent.sha256)
    say(f"{len(data):,} bytes written to {out.name}")
