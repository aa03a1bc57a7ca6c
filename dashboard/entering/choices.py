"""What somebody may say something of: their departments, sites, and the words of the standard to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.administration.forms import called, tree
from dashboard.administration.frame import today
from dashboard.components import CORPORATE as CORPORATE
from dashboard.words import organisation
from db import reads
from db.session import Scope, open_session
from etl.own import own_part
from scheme.standard import Standard, code_order

Pairs = Sequence[tuple[str, str]]
MODES = {"on_site": "On site", "remote": "Remotely", "self_assessed": "By the site itself"}


@dataclass(frozen=True)
class Choices:
    """Departments and sites by code with their words, in order, and the standard; `speaks_for_all`: of everything."""

    departments: Mapping[str, str]
    sites: Mapping[str, str]
    standard: Standard
    speaks_for_all: bool

    @property
    def elements(self) -> Pairs:
        """The elements by code, with their titles."""
        return [(code, f"{code} {element.title}") for code, element in self.standard.element.items()]

    @property
    def bands(self) -> Pairs:
        """The bands, best first, and not applicable."""
        return [(band.code, band.label) for band in self.standard.bands]

    def of_departments(self) -> Pairs:
        """What a select of departments offers."""
        return [("", "Choose one"), *self.departments.items()]


def choices(scope: Scope) -> Choices:
    """What the person may choose from: with departments of their own these and what lies below, and sites all theirs.

    The same part of the tenant as etl.own, which refuses the rest.
    """
    with open_session(scope) as session:
        standard = reads.register(session).standard
        departments = reads.table(session, "departments").to_dicts()
        sites = reads.table(session, "sites").to_dicts()
    own = None
    if scope.departments is not None:
        parents = {row["department_code"]: row["parent_code"] for row in departments}
        own = own_part(scope.departments, parents, {row["site_code"]: row["department_code"] for row in sites})
        departments = [row for row in departments if row["department_code"] in own.departments]
        sites = [row for row in sites if row["site_code"] in own.sites]
    places = {row["department_code"]: f"{chr(0x2003) * depth}{_named(row)}" for row, depth in tree(departments)}
    if own is None:
        places = {CORPORATE: f"{organisation(scope.tenant_name)} itself", **places}
    found = sorted(sites, key=lambda row: (row["site_name"] or "", code_order(row["site_code"])))
    return Choices(places, {row["site_code"]: _site(row) for row in found}, standard, own is None)


def _named(row: Mapping[str, Any]) -> str:
    closed = row["active_to"] is not None and row["active_to"] <= today()
    return f"{called(row)}{', closed' if closed else ''}"


def _site(row: Mapping[str, Any]) -> str:
    name, code = row["site_name"], row["site_code"]
    return f"{name} ({code})" if name and name != code else code
