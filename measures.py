"""The records of commands.md, from the warehouse and the rules: the one door for command line, API, pages and packs."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import polars as pl

from db import reads
from db.session import Scope, open_session
from db.tenants import setting
from scheme.coverage import coverage
from scheme.disclosure import Distribution
from scheme.disclosure import distribution as told_of
from scheme.errors import Forbidden, UsageError
from scheme.exemplars import told_elsewhere
from scheme.frames import Programme
from scheme.headroom import headroom
from scheme.renewal import renewal
from scheme.sight import in_sight
from scheme.standard import BASES
from scheme.standing import below, effective, standing
from scheme.visits import sites, visits

# commands.md, Measures as records: the keys of each measure, in order.
KEYS: dict[str, tuple[str, ...]] = {
    "standing": (
        "department_code",
        "element",
        "band",
        "assessed_on",
        "assessment_type",
        "carried_forward",
        "previous_band",
        "rolled_up",
        "worse_below",
    ),
    "headroom": (
        "department_code",
        "criterion",
        "elements",
        "compliance_plus",
        "compliant",
        "partial",
        "non_compliant",
        "not_applicable",
        "not_assessed",
        "allowance",
        "headroom",
        "indicative",
        "status",
        "why",
    ),
    "coverage": ("certificate_code", "element", "kind", "covered", "last_covered_on", "years", "outstanding"),
    "visits": (
        "certificate_code",
        "department_code",
        "sites_in_scope",
        "sites_required",
        "visited",
        "outstanding",
        "must_visit_outstanding",
        "days_to_expiry",
        "benchmark",
    ),
    "sites": ("certificate_code", "site_code", "in_scope", "must_visit", "visited", "last_visited_on"),
    "renewal": ("certificate_code", "check", "outcome", "outcome_at_expiry", "detail"),
    "history": (
        "department_code",
        "site_code",
        "element",
        "assessment_type",
        "assessed_on",
        "band",
        "restated",
        "file",
        "sheet",
        "row",
        "load",
        "loaded_at",
        "superseded_at",
    ),
}
BASES_OF = ("standing", "headroom", "history")  # the measures that ask on which basis

_RULES: dict[str, Callable[[Programme, date, str], pl.DataFrame]] = {
    "standing": standing,
    "headroom": headroom,
    "coverage": lambda programme, day, _: coverage(programme, day),
    "visits": lambda programme, day, _: visits(programme, day),
    "sites": lambda programme, day, _: sites(programme, day),
    "renewal": lambda programme, day, _: renewal(programme, day),
}


def programme(scope: Scope, known_at: datetime | None = None) -> Programme:
    """All that the measures of this scope are made of, as known now or at a moment: what it may see, no other row."""
    with open_session(scope) as session:
        return in_sight(reads.programme(session, known_at), scope.departments, scope.certificates)


def of_certificates(frame: pl.DataFrame, certificates: Sequence[str] | None) -> pl.DataFrame:
    """The rows about these certificates where a frame is about certificates at all; None is every one."""
    if certificates is None or "certificate_code" not in frame.columns:
        return frame
    return frame.filter(pl.col("certificate_code").is_in(list(certificates)))


def tells_of_others(scope: Scope) -> bool:
    """Whether the tenant lets people with departments of their own know how all departments stand, without names."""
    with open_session(scope) as session:
        return setting(session, "champions_see_others") == "distribution"


def distribution(scope: Scope, day: date) -> Distribution | None:
    """How all departments stand as far as this scope may be told; None for not at all.

    With `exemplars_elsewhere` the one place where the whole tenant is measured for somebody who may see a part: only
    what scheme.disclosure.distribution lets through leaves it. `day` is one of scheme.disclosure.told_on.
    """
    if not tells_of_others(scope):
        return None
    with open_session(scope) as session:
        whole = reads.programme(session)
    own = in_sight(whole, scope.departments).departments["department_code"].to_list()
    return told_of(headroom(whole, day), own)


def exemplars_elsewhere(scope: Scope, day: date) -> dict[str, list[tuple[str, date]]]:
    """By element, who else holds compliance plus and since when, for somebody who may see a part; {} for not at all.

    Where the tenant chose `champions_see_exemplars=yes`, and only for elements in which this scope's own departments
    are partial or worse. Beside `distribution` the one place where the whole tenant is measured for somebody who may
    see a part: only what scheme.exemplars.told_elsewhere lets through leaves it.
    """
    with open_session(scope) as session:
        if scope.departments is None or setting(session, "champions_see_exemplars") != "yes":
            return {}
        whole = reads.programme(session)
    return told_elsewhere(whole, in_sight(whole, scope.departments), day)


def selected(
    departments: pl.DataFrame, codes: Sequence[str], allowed: Sequence[str] | None = None
) -> set[str | None] | None:
    """The departments asked for with what lies below them, cut to those allowed; None for everything.

    UsageError names a code that the tenant does not have, or that this person may not see: the two look the same.
    """

    def taken(roots: Sequence[str]) -> set[str | None]:
        return set().union(*(below(departments, code) for code in roots))

    known = set(departments["department_code"])
    may = None if allowed is None else taken(allowed)
    unknown = [code for code in codes if code not in known or (may is not None and code not in may)]
    if unknown:
        raise UsageError(f"no department {', '.join(unknown)}; `assay measure headroom` lists them all")
    if not codes:
        return may
    return taken(codes) if may is None else taken(codes) & may


def measure(
    scope: Scope,
    name: str,
    as_of: date,
    known_at: datetime | None = None,
    departments: Sequence[str] = (),
    basis: str | None = None,
) -> pl.DataFrame:
    """One measure as records: a frame with the columns of KEYS[name], sorted as commands.md says.

    UsageError for an unknown measure or department, or a basis where there is none to choose.
    """
    if name not in KEYS:
        raise UsageError(f"no measure '{name}'; there are {', '.join(KEYS)}")
    if name not in BASES_OF and basis not in (None, "formal"):
        raise UsageError(f"{name} is about formal assessments alone; leave --basis out")
    with open_session(scope) as session:
        known = in_sight(reads.programme(session, known_at), scope.departments, scope.certificates)
        if name == "history":
            frame = _history(reads.history(session, known_at), known, as_of, basis)
        else:
            frame = of_certificates(_RULES[name](known, as_of, basis or "formal"), scope.certificates)
    codes = selected(known.departments, departments, scope.departments)
    if codes is not None:
        if not codes:
            raise Forbidden("there is nothing here that you may see")
        frame = frame.filter(pl.col("department_code").is_in([code for code in codes if code is not None]))
    return frame.select(KEYS[name])


def _history(history: pl.DataFrame, known: Programme, as_of: date, basis: str | None) -> pl.DataFrame:
    frame = effective(history, known.assessments).filter(pl.col("assessed_on") <= as_of)
    return frame if basis is None else frame.filter(pl.col("assessment_type").is_in(BASES[basis]))
