"""The rehearsal of a restore (reliability.md W2): a backup is put into a place of its own, and somebody works with it.

All of it happens in a process of its own, in a warehouse on SQLite in a temporary folder, which is gone afterwards:
rows are read back and counted, db.restored asks what it asks, and then a made-up person signs in at the real door of
the real server and opens the heatmap of each organisation. The warehouse of this environment is not touched.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scheme.errors import AssayError, BackupInvalid, UsageError

if TYPE_CHECKING:
    from dash import Dash
    from flask.testing import FlaskClient

    from db.rehearsed import Mark

_PAGE = re.compile(r'name="(?:assay-)?page" (?:content|value)="([0-9a-f]{32})"')


@dataclass(frozen=True)
class Step:
    """Something that was tried and held, and how many seconds it took."""

    what: str
    seconds: float


def rehearse(path: Path, key: Path | None = None, told: Callable[[Step], None] = lambda _: None) -> list[Step]:
    """Restore a backup into a place of its own and try everything; what held, each told at once.

    Where all of it held, a mark is left beside the backup (db.rehearsed). BackupInvalid says the first thing that did
    not hold; UsageError what is wrong with the file or the key.
    """
    from db.secret import at_hand

    mark = _mark_of(path)
    secret = at_hand()
    with tempfile.TemporaryDirectory(prefix="assay-rehearsal-") as folder:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        settings |= secret or {"ASSAY_SECRET": secrets.token_urlsafe(48)}
        settings |= {"ASSAY_DATABASE_URL": f"sqlite:///{folder}/assay.db", "ASSAY_SECOND_FACTOR": "off"}
        settings |= {"ASSAY_ORIGINALS": f"{folder}/originals", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        words = [str(path.absolute()), str(key.absolute()) if key else "", "secret" if secret else ""]
        with (Path(folder) / "faults.txt").open("w+", encoding="utf-8") as faults:
            process = subprocess.Popen(  # noqa: S603  # this program again
                [sys.executable, "-m", "dashboard.rehearsal", *words],
                env=settings,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=faults,
                text=True,
            )
            try:
                steps = _followed(process, faults, told)
            finally:
                process.kill()
                process.wait()
    steps.append(_marked(path, mark))
    told(steps[-1])
    return steps


def _mark_of(path: Path) -> "Mark | None":
    """What the mark will say, of the file as it is before it is tried."""
    from db.rehearsed import mark_of

    with suppress(OSError):  # what cannot be read is told by whoever restores it
        return mark_of(path, datetime.now(UTC))
    return None


def _marked(path: Path, mark: "Mark | None") -> Step:
    from db.rehearsed import leave

    try:
        if mark is not None:
            leave(mark, path)
    except OSError as error:
        return Step(f"no mark could be left beside it ({type(error).__name__}): `assay status` will not know", 0.0)
    return Step("marked beside it as rehearsed", 0.0)


def _followed(process: "subprocess.Popen[str]", faults: IO[str], told: Callable[[Step], None]) -> list[Step]:
    steps: list[Step] = []
    for line in process.stdout or ():
        said = json.loads(line)
        if "fault" in said:
            raise (UsageError if said["usage"] else BackupInvalid)(said["fault"])
        if "end" in said:
            return steps
        steps.append(Step(said["what"], said["seconds"]))
        told(steps[-1])
    faults.seek(0)
    last = faults.read().strip().splitlines()[-1:] or ["it said nothing"]
    raise BackupInvalid(f"the rehearsal ended before its end ({last[0]})")


# --- in the process of its own ----------------------------------------------------------------------------------------


def _main(path: str, key: str, secret: str) -> None:
    def say(**said: object) -> None:
        print(json.dumps(said), flush=True)

    try:
        for what, seconds in _timed(_tried(Path(path), Path(key) if key else None, bool(secret))):
            say(what=what, seconds=seconds)
        say(end=True)
    except AssayError as error:
        say(fault=str(error), usage=isinstance(error, UsageError))


def _timed(steps: Iterator[str]) -> Iterator[tuple[str, float]]:
    began = time.monotonic()
    for what in steps:
        yield what, round(time.monotonic() - began, 3)
        began = time.monotonic()


def _tried(path: Path, key: Path | None, has_secret: bool) -> Iterator[str]:
    from db import backup, restored

    report = backup.restore(path, key)
    told = report.manifest
    yield f"restored {told.rows:,} rows and {told.files:,} files of {told.made_at}, into version {told.schema}"
    with backup.opened(path, key) as found:
        for what, wrong in restored.checks(found, has_secret):
            if wrong:
                raise BackupInvalid(f"what was restored is not sound: {'; '.join(wrong[:5])}")
            yield what
    if not has_secret:
        yield "second factors were not tried: ASSAY_SECRET is not set here"
    yield from _worked_with([tenant.code for tenant in told.tenants])


def _worked_with(codes: list[str]) -> Iterator[str]:
    """Somebody signs in at the door, and opens the heatmap of each organisation."""
    from dashboard.app import create_app

    if not codes:
        yield "there is no organisation whose heatmap could be opened"
        return
    email, password = _made_up(codes)
    app = create_app()
    client = app.server.test_client()
    _post(client, "/sign-in", "nobody can sign in", email=email, password=password)
    yield "somebody signed in"
    for code in codes:
        if len(codes) > 1:
            _post(client, "/choose-tenant", f"nobody reaches {code}", tenant=code)
        rows = _heatmap(app, client, code)
        yield f"the heatmap of {code} " + (f"opened with {rows:,} rows" if rows else "opened, and has no results yet")


def _made_up(codes: list[str]) -> tuple[str, str]:
    """A person who leads in each organisation, and their password: in the copy, which is gone afterwards."""
    from db import people, sessions

    email, password = f"rehearsal-{secrets.token_hex(8)}@assay.invalid", secrets.token_urlsafe(24)
    once = people.add_user(email, "corporate_lead", codes[0])
    for code in codes[1:]:
        people.add_user(email, "corporate_lead", code)
    token = sessions.sign_in(email, once or "")
    if token is None:
        raise BackupInvalid("nobody can sign in to what was restored: a new account is refused")
    sessions.change_password(token, once or "", password)
    return email, password


def _page(client: "FlaskClient", path: str) -> str:
    shown = client.get(path, follow_redirects=True)
    found = _PAGE.search(shown.text)
    if shown.status_code != 200 or found is None:
        raise BackupInvalid(f"{path} of what was restored does not open (status {shown.status_code})")
    return found[1]


def _post(client: "FlaskClient", path: str, otherwise: str, **form: str) -> None:
    answer = client.post(path, data={**form, "page": _page(client, path)})
    if answer.status_code != 302:
        raise BackupInvalid(f"{otherwise} of what was restored: {path} answered {answer.status_code}")


def _heatmap(app: "Dash", client: "FlaskClient", code: str) -> int:
    """How many rows the heatmap has that the page asks for, as a browser does."""
    from dashboard import ids

    wanted = f"{ids.HEATMAP_TABLE}.data-table"
    output = next(name for name in app.callback_map if wanted in name.strip(".").split("..."))
    places = [
        dict(zip(("id", "property"), place.rsplit(".", 1), strict=True)) for place in output.strip(".").split("...")
    ]
    asked = {"id": ids.VIEW, "property": "data", "value": "/heatmap"}
    body = {"output": output, "outputs": places, "inputs": [asked], "state": [], "changedPropIds": [f"{ids.VIEW}.data"]}
    header = {"X-Assay-Page": _page(client, "/heatmap")}
    answer = client.post("/_dash-update-component", json=body, headers=header)
    filled: dict[str, Any] = (answer.get_json(silent=True) or {}).get("response", {})
    if answer.status_code != 200 or ids.HEATMAP_TABLE not in filled:
        raise BackupInvalid(f"the heatmap of {code} does not open in what was restored (status {answer.status_code})")
    table = filled[ids.HEATMAP_TABLE]["data-table"]
    return len(json.loads(table)["rows"]) if table else 0


if __name__ == "__main__":
    _main(*sys.argv[1:4])
