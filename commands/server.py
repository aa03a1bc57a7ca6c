"""The server and its warehouse: demo, upgrade, serve."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.arguments import sub_app
from commands.printing import progress, report_code, say
from scheme.errors import UsageError

server_app = sub_app()


@server_app.command()
def demo(
    folder: Annotated[
        str | None, typer.Argument(help="A folder of your own files, instead of the fictional ones. Example: last-year")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="How the folder's headings and words are read. Example: --source ours.toml")
    ] = None,
    port: Annotated[int, typer.Option(help="Where to serve. Example: --port 8051")] = 8050,
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it once it is built.")] = True,
) -> None:
    """Build the demo warehouse, or one of a folder of your own, and serve it. Example: assay demo --port 8051."""
    from datetime import UTC, datetime

    from dashboard.identity import SECOND_FACTOR
    from dashboard.reminding.run import remind
    from dashboard.request_log import LOGS
    from db.secret import make_demo_secret
    from db.tenants import scope_of, tenants
    from db.upgrade import upgrade as bring_up
    from etl import demo as demo_data
    from etl.demo import folder as own_files

    if source and not folder:
        raise UsageError("--source says how a folder is read; name the folder too")
    bring_up()
    make_demo_secret()
    with progress() as told:
        if folder:
            report, people = own_files.build(Path(folder), source, told)
            report_code(report)
            print(f"\n{own_files.understood(report)}\nSee it at http://127.0.0.1:{port}/understood. Sign in as:\n")
        else:
            people = demo_data.build(progress=told)
            remind([scope_of(code) for code in tenants()["code"]], datetime.now(UTC))
            print("\nThe demo warehouse is ready. All tenants but the published ones are fictional. Sign in as:\n")
    for person in people:
        print(f"  {person.email:34} {person.password:26} {person.role.replace('_', ' ')}, {person.tenants}")
    print()
    if serve_it:
        LOGS.settle("off")
        SECOND_FACTOR.settle("off")  # asked of nobody who looks at the demo on this machine
        serve(port=port)


@server_app.command()
def upgrade() -> None:
    """Create the warehouse, or bring it to this version. Example: assay upgrade."""
    from db.upgrade import upgrade as bring_up

    say(bring_up())


@server_app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on. Example: --host 0.0.0.0")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port. Example: --port 8051")] = 8050,
) -> None:
    """Serve the dashboard. Example: assay serve --port 8051."""
    from dashboard.checking import findings
    from dashboard.identity import SECOND_FACTOR
    from dashboard.serving import WORK
    from db.secret import box
    from db.upgrade import require_sound

    box()
    require_sound()
    for finding in findings():
        if finding.state in ("wrong", "warning"):
            say(f"{finding.state}: {finding.about}: {finding.what}; {finding.mend}")
    if SECOND_FACTOR.said() == "off" and host not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(f"ASSAY_SECOND_FACTOR=off is for the demo on this machine alone; unset it to serve {host}")
    WORK.settle("inside")  # packs are made by a thread of the server
    say(f"serving http://{host}:{port} (stop with Ctrl+C)")
    sys.stderr.flush()
    sys.stdout.flush()
    os.execvp(sys.executable, [sys.executable, "-m", "gunicorn", *_gunicorn(host, port)])  # noqa: S606


def _gunicorn(host: str, port: int) -> Sequence[Any]:
    quiet = ["--log-level", "warning"]
    return ["--config", "python:dashboard.serving", "--bind", f"{host}:{port}", *quiet, "dashboard.app:server"]
