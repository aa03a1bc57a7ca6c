"""The canonical tables that departments send (inputs.md section 1): columns, kinds and keys, in one place."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "code",  # text that names something; trimmed, never a number; "" means none where the column is part of a key
    "codes",  # several codes, ";" between them; kept sorted and without doubles
    "text",  # free text
    "day",  # a date
    "flag",  # yes or no; empty is not stated
    "count",  # a whole number, 0 or more
    "number",  # a decimal number
    "element",  # a code of the standard's elements
    "elements",  # several of them, in the standard's order
    "band",  # one of scheme.standard.BANDS
    "assessment_type",  # one of scheme.standard.ASSESSMENT_TYPES
    "mode",  # of a visit: on_site, remote, self_assessed; empty is on_site
]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table."""

    name: str
    kind: Kind
    required: bool = False  # its heading must be there
    filled: bool = False  # its cell must not be empty


@dataclass(frozen=True)
class Table:
    """A canonical table: what it is called, its columns, and what makes two rows speak of the same thing."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the columns that are not part of the key."""
        return tuple(name for name in self.names if name not in self.key)


def _must(name: str, kind: Kind) -> Column:
    return Column(name, kind, required=True, filled=True)


def _head(name: str, kind: Kind) -> Column:
    return Column(name, kind, required=True)


def _may(name: str, kind: Kind) -> Column:
    return Column(name, kind)


# In the order in which the files of one load are published (inputs.md section 4).
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "departments",
            (
                _must("department_code", "code"),
                _head("department_name", "text"),
                _may("parent_code", "code"),
                _may("active_from", "day"),
                _may("active_to", "day"),
                _may("contact", "text"),
            ),
            ("department_code",),
        ),
        Table(
            "sites",
            (
                _must("site_code", "code"),
                _head("site_name", "text"),
                _head("department_code", "codes"),
                _may("in_scope_from", "day"),
                _may("in_scope_to", "day"),
                _may("must_visit", "flag"),
                _may("central_function", "flag"),
                _may("address", "text"),
                _may("latitude", "number"),
                _may("longitude", "number"),
            ),
            ("site_code",),
        ),
        Table(
            "certificates",
            (
                _must("certificate_code", "code"),
                _may("department_code", "code"),
                _must("awarded_on", "day"),
                _must("expires_on", "day"),  # or the heading valid_until, the last day of validity
                _may("ended_on", "day"),
                _may("sites_required", "count"),
                _may("certification_body", "text"),
                _may("profile", "code"),
            ),
            ("certificate_code",),
        ),
        Table(
            "assessments",
            (
                _must("assessment_code", "code"),
                _may("department_code", "code"),
                _must("assessment_type", "assessment_type"),
                _head("started_on", "day"),
                _must("ended_on", "day"),
                _may("assessor", "text"),
                _may("planned", "flag"),
                _may("scope", "elements"),
                _may("submitted_on", "day"),
                _may("feedback_on", "day"),
                _may("recommendation", "text"),
                _may("verified_on", "day"),
                _may("decision", "text"),
            ),
            ("assessment_code",),
        ),
        Table(
            "visits",
            (
                _must("site_code", "code"),
                _must("visited_on", "day"),
                _may("mode", "mode"),
                _may("assessment_code", "code"),
                _may("planned", "flag"),
            ),
            ("site_code", "visited_on", "mode"),
        ),
        Table(
            "results",
            (
                _may("department_code", "code"),
                _may("site_code", "code"),
                _must("assessment_type", "assessment_type"),
                _must("assessed_on", "day"),
                _must("element", "element"),
                _head("band", "band"),
                _may("restated", "flag"),
                _may("reason", "text"),
                _may("assessment_code", "code"),
                _may("assessor", "text"),
                _may("comment", "text"),
            ),
            ("department_code", "site_code", "assessment_type", "assessed_on", "element"),
        ),
        Table(
            "actions",
            (
                _may("action_code", "code"),
                _head("department_code", "code"),
                _head("element", "element"),
                _must("action", "text"),
                _head("owner", "text"),
                _head("due_on", "day"),
                _may("status", "text"),
                _may("origin", "text"),
                _may("assessment_code", "code"),
                _may("recheck_on", "day"),
                _may("closed_on", "day"),
                _may("comment", "text"),
            ),
            # action_code, else department + element + action: see etl.check.action_key
            ("action_key",),
        ),
        Table(
            "evidence",
            (
                _head("department_code", "code"),
                _must("element", "element"),
                _must("evidence_code", "code"),
                _head("evidence", "text"),
                _may("kind", "text"),
                _may("site_code", "code"),
                _may("shown_by", "text"),
                _may("link", "text"),
                _may("owner", "text"),
                _may("expires_on", "day"),
                _may("note", "text"),
            ),
            ("department_code", "element", "evidence_code"),
        ),
        Table(
            "customer_groups",
            (
                _head("department_code", "code"),
                _must("group", "text"),
                _may("basis", "text"),
                _may("hard_to_reach", "flag"),
                _may("disadvantaged", "flag"),
                _may("source", "text"),
                _may("reviewed_on", "day"),
                _may("elements", "elements"),
            ),
            ("department_code", "group"),
        ),
        Table(
            "service_standards",
            (
                _head("department_code", "code"),
                _must("promise", "text"),
                _may("channel", "text"),
                _may("unit", "text"),
                _may("direction", "text"),
                _may("target", "number"),
                _must("period", "text"),
                _head("achieved", "number"),
                _may("benchmark", "number"),
                _may("elements", "elements"),
                _may("published_link", "text"),
            ),
            ("department_code", "promise", "channel", "period"),
        ),
    )
}
