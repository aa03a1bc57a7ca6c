"""What several sub-commands are given: their options, and how days, moments and files are read from them."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scheme.errors import UsageError


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


class Role(StrEnum):
    """What a person may do."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    CORPORATE_LEAD = "corporate_lead"
    SENIOR_LEADER = "senior_leader"
    ASSESSOR = "assessor"
    CHAMPION = "champion"


class Basis(StrEnum):
    """Whose word: assessors', the department's own, or a desk review's."""

    FORMAL = "formal"
    SELF = "self"
    DESK = "desk"


Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's code. Example: --tenant ASHCOMBE")]
Printed = Annotated[
    Format | None,
    typer.Option("--format", help="How to print: a table to a terminal, JSON to a pipe. Example: --format csv"),
]
Export = Annotated[
    bool | None,
    typer.Option(
        "--export/--no-export", help="Whether they may take anything away as a file; what the role has unless given."
    ),
]
Why = Annotated[
    str, typer.Option("--why", help='Why, kept with the change. Example: --why "Council decision of 3 March"')
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        help="Where files are read: processes (of this machine), or the address of a Dask scheduler. "
        "Example: --executor tcp://scheduler.example:8786",
    ),
]


def sub_app() -> typer.Typer:
    """A Typer app that holds sub-commands of one noun, or of none."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


def day(text: str, option: str) -> date:
    """The day that an option says; UsageError where it says none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: not a day; write it as 2026-03-31") from error


def moment(text: str, option: str) -> datetime:
    """The moment in UTC that an option says, the end of a day where it says a day alone; UsageError for neither."""
    try:
        if len(text) == 10:  # a day alone: what was known at its end
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: not a moment; write it as 2026-03-31T14:05:00Z") from error
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)


def text_of(path: Path) -> str:
    """What a file of text holds; UsageError where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def sender() -> str:
    """Who is at the command line, as loads name them."""
    from db.tenants import who_runs_this

    return who_runs_this()


def actor() -> str:
    """The same, as the platform's audit log names them."""
    from db.tenants import here

    return here()
