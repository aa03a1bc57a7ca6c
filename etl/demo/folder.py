"""A demo of one's own: a folder of files as they lie there, in a tenant of its own, entering by the same door."""

import re
from collections.abc import Sequence
from pathlib import Path

from db import people
from db.tenants import add_tenant, scope_of, tenants
from etl import run
from etl.arrive import Progress
from etl.demo import Person
from scheme.errors import UsageError

SENT_BY = "assay demo FOLDER"
_WHO: dict[str, tuple[str, Sequence[str]]] = {"lead": ("corporate_lead", ()), "administrator": ("administrator", ())}


def tenant_code(folder: Path) -> str:
    """What the tenant of a folder is called by: its name in capital letters, digits and hyphens."""
    return re.sub(r"[^A-Z0-9]+", "-", folder.resolve().name.upper()).strip("-")[:30] or "FOLDER"


def build(
    folder: Path, source: str | None = None, progress: Progress | None = None
) -> tuple[run.LoadReport, list[Person]]:
    """Take a folder's files into a tenant named after it; gives what became of them, and who may sign in.

    The same folder again brings what is new in it. UsageError where there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name the folder in which last year's workbooks and reports lie")
    code = tenant_code(folder)
    if code not in tenants()["code"].to_list():
        add_tenant(code, f"{folder.resolve().name} (your own files)")
    report = run.load(scope_of(code), [folder], source=source, sent_by=SENT_BY, progress=progress)
    return report, [_person(who, code) for who in _WHO]


def _person(who: str, tenant: str) -> Person:
    role, departments = _WHO[who]
    email = f"{who}@{tenant.lower()}.assay.invalid"
    people.add_user(email, role, tenant, departments)
    return Person(email, people.set_password(email, must_change=False), role, tenant)


def understood(report: run.LoadReport) -> str:
    """What was understood of a folder, in a sentence."""
    names = {file.file for file in report.files}
    taken = {file.file for file in report.files if file.outcome != "refused"}
    read = sum(file.loaded + file.unchanged for file in report.files)
    aside = sum(file.set_aside for file in report.files)
    return f"{len(taken)} of {len(names)} files were understood: {read:,} rows are in, {aside:,} were set aside."
