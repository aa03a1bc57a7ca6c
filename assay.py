"""The command line: puts the sub-commands together, and turns errors into one line and an exit code (commands.md).

What a sub-command does not need is not imported.
"""

import sys
from typing import Annotated

import typer

from commands.audit import audit_app
from commands.backup import backup_app
from commands.certificates import certificate_app
from commands.config import config_app
from commands.data import data_app
from commands.departments import department_app
from commands.export import export_app
from commands.groups import group_app
from commands.history import history_app
from commands.links import link_app
from commands.packs import pack_app
from commands.people import user_app
from commands.person import person_app
from commands.printing import FAILED, WRONG_USAGE, say
from commands.profiles import profile_app
from commands.readers import reader_app
from commands.remind import remind_app
from commands.server import server_app
from commands.sites import site_app
from commands.sources import source_app
from commands.standards import standard_app
from commands.status import say_version, status_app
from commands.sweep import sweep_app
from commands.sync import sync_app
from commands.templates import template_app
from commands.tenants import tenant_app
from commands.tokens import token_app
from scheme.errors import AssayError, UsageError
from variables import declare, text

DEBUG = declare("ASSAY_DEBUG", "with `1`, the command line shows where an unexpected error arose", "one line", text)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(server_app)
app.add_typer(data_app)
app.add_typer(template_app)
app.add_typer(history_app)
app.add_typer(export_app)
app.add_typer(sync_app)
app.add_typer(status_app)
app.add_typer(pack_app)
app.add_typer(remind_app)
app.add_typer(backup_app)
app.add_typer(sweep_app)
app.add_typer(tenant_app, name="tenant", help="Organisations that run a programme; they never see each other.")
app.add_typer(user_app, name="user", help="People who sign in.")
app.add_typer(person_app, name="person", help="What a tenant holds about one person.")
app.add_typer(group_app, name="group", help="What groups of a sign-on provider give.")
app.add_typer(department_app, name="department", help="Departments: opened, closed, moved, merged, recoded.")
app.add_typer(site_app, name="site", help="Sites.")
app.add_typer(certificate_app, name="certificate", help="Certificates.")
app.add_typer(profile_app, name="profile", help="How a certification body applies the standard, in versions.")
app.add_typer(source_app, name="source", help="How senders' headings and words are read.")
app.add_typer(config_app, name="config", help="Settings, and whether they make sense.")
app.add_typer(token_app, name="token", help="What programs show to the API.")
app.add_typer(reader_app, name="reader", help="Roles by which other tools read reports in PostgreSQL.")
app.add_typer(link_app, name="link", help="Links by which outside assessors look at one certificate.")
app.add_typer(audit_app, name="audit", help="Who did what, when, from where.")
app.add_typer(standard_app, name="standard", help="Standards: shipped ones and your own.")


@app.callback(invoke_without_command=True)
def assay(
    is_version: Annotated[
        bool, typer.Option("--version", help="Say which version this is, and of which the warehouse that it makes.")
    ] = False,
) -> None:
    """Assay: a dashboard for corporate accreditation programmes."""
    if is_version:
        say_version()
        raise typer.Exit


def main() -> None:
    """Run the command line: errors become one line on standard error and an exit code."""
    try:
        app()
    except UsageError as error:
        _end(error, WRONG_USAGE)
    except AssayError as error:
        _end(error, FAILED)
    except KeyboardInterrupt:
        _end("stopped; nothing of a load under way is in", FAILED)
    except BrokenPipeError:
        sys.exit(FAILED)
    except Exception as error:
        if DEBUG.said():
            raise
        _end(f"{type(error).__name__}: {error} (ASSAY_DEBUG=1 shows where)", FAILED)


def _end(message: object, code: int) -> None:
    say(message)
    sys.exit(code)


if __name__ == "__main__":
    main()
