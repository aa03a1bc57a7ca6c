"""The demo: two fictional tenants and the published results of real holders, entering by the same door as any file."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from db import people, reads
from db.session import open_session
from db.tenants import add_tenant, choose, scope_of
from etl import run
from etl.demo.batches import write_files
from etl.demo.cast import EXAMPLES, TENANTS, cast

__all__ = ["PEOPLE", "PUBLISHED", "SEED", "Person", "build", "write_files"]

SEED = 7
SENT_BY = "assay demo"
# Real holders: what they are called, and their files in examples/published, kept as they are.
PUBLISHED: dict[str, tuple[str, tuple[str, ...]]] = {
    "WYCHAVON": ("Wychavon District Council (published results)", ("wychavon",)),
    "SALFORD": ("University of Salford Library (published results)", ("salford-library",)),
    "NORTHAMPTON": ("Northampton Borough Council, Customer Services (published results)", ("northampton",)),
    "SCTS": (
        "Scottish Courts and Tribunals Service (published visits)",
        ("scts-departments", "scts-sites", "scts-certificates", "scts-visits"),
    ),
}
# Who signs in: role, the tenants, and the departments if not all.
PEOPLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "lead": ("corporate_lead", (*TENANTS, *PUBLISHED), ()),
    "leader": ("senior_leader", ("ASHCOMBE",), ()),
    "champion": ("champion", ("ASHCOMBE",), ("HWY",)),
    "assessor": ("assessor", TENANTS, ()),
    "administrator": ("administrator", ("ASHCOMBE",), ()),
    "operator": ("operator", (), ()),
}

Progress = Callable[[str, int, int], None]


class Person(NamedTuple):
    """Somebody who may sign in to the demo; the password is new with every build."""

    email: str
    password: str
    role: str
    tenants: str


def build(today: date | None = None, progress: Progress | None = None, seed: int = SEED) -> list[Person]:
    """Build the demo in the warehouse and give those who may sign in, with their passwords.

    A tenant that already has as many loads as the demo brings is left as it is. The story is told up to `today`.
    """
    today = today or date.today()
    with TemporaryDirectory(prefix="assay-demo-") as name:
        bundles: list[tuple[str, list[Path], date]] = []
        for tenant in TENANTS:
            profile = EXAMPLES / "demo" / f"{tenant.lower()}-profile.toml"
            bodies = [(profile.name, tomllib.loads(profile.read_text("utf-8")))] if profile.exists() else []
            add_tenant(tenant, cast(tenant).name, "cse", bodies)
            batches = write_files(Path(name) / tenant, tenant, seed, today)
            bundles += [(tenant, sorted(folder.iterdir()), day) for folder, day in batches]
        for tenant, (called, files) in PUBLISHED.items():
            add_tenant(tenant, called)
            bundles.append((tenant, [EXAMPLES / "published" / f"{file}.csv" for file in files], today))
        _load(bundles, progress or (lambda *_: None))
    with open_session(scope_of("ASHCOMBE"), write=True) as session:
        choose(session, "champions_see_others", "distribution")
        choose(session, "champions_see_exemplars", "yes")
        choose(session, "risk_estimates", "on")
    return [_person(who) for who in PEOPLE]


def _load(bundles: list[tuple[str, list[Path], date]], progress: Progress) -> None:
    total = sum(len(paths) for _, paths, _ in bundles)
    done, there = 0, {tenant: _complete(tenant, bundles) for tenant, _, _ in bundles}
    for tenant, paths, day in bundles:
        if not there[tenant]:
            before = done
            run.load(
                scope_of(tenant),
                paths,
                sent_by=SENT_BY,
                today=day,
                progress=lambda file, n, _, before=before, tenant=tenant: progress(  # type: ignore[misc]
                    f"{tenant} {file}", before + n, total
                ),
            )
        done += len(paths)
    progress("done", total, total)


def _complete(tenant: str, bundles: list[tuple[str, list[Path], date]]) -> bool:
    with open_session(scope_of(tenant)) as session:
        loaded = reads.loads(session)["load"].n_unique()
    return loaded >= sum(code == tenant for code, _, _ in bundles)


def _person(who: str) -> Person:
    role, tenants, departments = PEOPLE[who]
    email = f"{who}@demo.assay.invalid"
    for tenant in tenants or (None,):
        people.add_user(email, role, tenant, departments)
    if not tenants:
        return Person(email, people.set_password(email, must_change=False), role, "the platform")
    where = f"{tenants[0]} and {len(tenants) - 1} more" if len(tenants) > 2 else " and ".join(tenants)
    where += f", department {', '.join(departments)}" if departments else ""
    return Person(email, people.set_password(email, must_change=False), role, where)
