"""Who plays in the demo: departments, sites and phrases of a fictional tenant, read from examples/demo/*.toml."""

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

# By place, not by package name: dash-bootstrap-components installs a package `examples` too.
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

TENANTS = ("ASHCOMBE", "MILLBROOK")
STREETS = ("High Street", "Mill Lane", "Church Row", "Station Road", "Market Place", "The Green")


@dataclass(frozen=True)
class Department:
    """A department and its part in the story; days are counted from the day for which the demo is built.

    The code "" is the corporate body. `partial` and `non_compliant` are the bands in force on that day, `slipped` those
    of them that were better at the look before, `mended` what was partial before; None leaves it to chance.
    """

    code: str
    name: str
    parent: str = ""
    award_days: int | None = None  # since the running certificate was awarded; None: a team, or never assessed
    opened_days: int | None = None
    closed_days: int | None = None
    ended_days: int | None = None  # since its certificate was suspended
    moved_days: int | None = None  # since it came below `parent`; before, it was below `moved_from`
    moved_from: str = ""
    first_in: int | None = None  # days until its first assessment
    next_in: int | None = None  # days until its next review
    submitted: bool = False  # the form for that review has been sent
    silent_days: int = 0  # nothing came from it for so long
    self_only: bool = False  # rates itself, and is never assessed as a whole
    by_site: bool = False  # assessed site by site
    sites_required: int | None = None
    initial_looks: int | None = None  # elements looked at when it was new
    looks: tuple[int, ...] = ()  # elements looked at in each review of the running cycle
    plus: int | None = None
    partial: tuple[str, ...] | None = None
    non_compliant: tuple[str, ...] = ()
    slipped: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    mistyped: str = ""  # first sent as non-compliant by mistake, corrected in a later load
    reassessed: str = ""  # non-compliant a year ago, compliant since a reassessment
    reassessed_days: int = 0
    reassess_in: int | None = None
    late: bool = False  # with its actions
    desk_partial: tuple[str, ...] = ()  # what the desk review of its next review found, two days ago
    desk_non_compliant: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The elements that the story names."""
        single = filter(None, (self.mistyped, self.reassessed))
        return (*(self.partial or ()), *self.non_compliant, *self.slipped, *self.mended, *single)


@dataclass(frozen=True)
class Site:
    """A site of one or several departments."""

    code: str
    name: str
    departments: tuple[str, ...]
    latitude: float
    longitude: float
    address: str
    must_visit: bool
    central: bool
    opened_days: int | None
    closed_days: int | None
    not_yet: bool  # must be visited, and was not in this cycle

    def in_scope(self, day: date, today: date) -> bool:
        """Whether the site is in scope on the day."""
        opened = self.opened_days is None or today - timedelta(self.opened_days) <= day
        return opened and (self.closed_days is None or day < today - timedelta(self.closed_days))


@dataclass(frozen=True)
class Cast:
    """All that the story of one tenant starts from."""

    code: str
    name: str
    mail: str
    body: str
    annual: tuple[str, ...]
    self_assessed_days: int
    corporate: Department
    departments: tuple[Department, ...]
    sites: tuple[Site, ...]

    @cached_property
    def everyone(self) -> Mapping[str, Department]:
        """The corporate body ("") and every department, by code."""
        return {department.code: department for department in (self.corporate, *self.departments)}

    def above(self, code: str) -> Iterator[str]:
        """The department and those above it, the nearest first, without the corporate body."""
        while code:
            yield code
            code = self.everyone[code].parent

    def holder(self, code: str) -> Department | None:
        """The nearest department, itself included, that holds a certificate of its own."""
        return next((d for d in map(self.everyone.__getitem__, self.above(code)) if d.award_days is not None), None)


def chance(*what: object) -> random.Random:
    """A source of chance of its own for each thing, so that a new department leaves the others as they are."""
    return random.Random("/".join(map(str, what)))  # noqa: S311


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / "demo" / f"{name}.toml").read_text("utf-8"))


def _department(row: Mapping[str, Any]) -> Department:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Department(**({k: v for k, v in row.items() if k in {f.name for f in fields(Department)}} | lists))


def _sites(body: Mapping[str, Any]) -> Iterator[Site]:
    changes, places = body["site_changes"], body["places"]
    for row in body["sites"]:
        first = row.get("first", 0)
        names = row.get("places") or [*places, *places][first : first + row["count"]]
        for number, place in enumerate(names, 1):
            code = f"{row['prefix']}-{number:02}"
            where = chance("site", code)
            yield Site(
                code,
                f"{place} {row['kind']}",
                tuple(changes["shared"].get(code, row["department"]).split(";")),
                round(places[place][0] + where.uniform(-0.012, 0.012), 5),
                round(places[place][1] + where.uniform(-0.018, 0.018), 5),
                f"{where.randint(1, 98)} {where.choice(STREETS)}, {place}",
                code in changes["must_visit"],
                row.get("central", False),
                changes["opened_days"].get(code),
                changes["closed_days"].get(code),
                code in changes["not_yet"],
            )


@cache
def cast(tenant: str) -> Cast:
    """The cast of one of TENANTS; KeyError for another code."""
    if tenant not in TENANTS:
        raise KeyError(tenant)
    body = _toml(tenant.lower())
    return Cast(
        body["code"],
        body["name"],
        body["mail"],
        body["body"],
        tuple(body["annual"]),
        body["self_assessed_days"],
        _department({"code": "", "name": body["name"], **body["corporate"]}),
        tuple(map(_department, body["departments"])),
        tuple(_sites(body)),
    )


@dataclass(frozen=True)
class Phrases:
    """What people write: sentences by element, frames around them, names, evidence, groups and promises."""

    elements: Mapping[str, tuple[str, str]]
    phrases: Mapping[str, list[str]]
    words: Mapping[str, list[str]]
    evidence: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    promises: list[dict[str, Any]] = field(default_factory=list)

    def say(self, frame: str, element: str, by: random.Random) -> str:
        """One sentence or two about an element."""
        good, weak = self.elements[element]
        said = by.choice(self.phrases[frame]).format(good=good, weak=weak)
        return ". ".join(part[:1].upper() + part[1:] for part in said.split(". "))


@cache
def phrases() -> Phrases:
    """The phrases of examples/demo/sentences.toml."""
    return Phrases(**_toml("sentences"))
