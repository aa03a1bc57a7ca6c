"""The frames that travel between the warehouse, the rules and the screens: their columns, dtypes and meaning.

Codes are text. No department (null) is the corporate body. Days are pl.Date. Frames hold what was known at one
moment and are not cut to a day: every rule cuts for itself (measures.md section 1, "as of").
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from scheme.errors import ProfileInvalid
from scheme.intervals import among, as_text, intervals
from scheme.standard import Profile, Standard, code_order, in_force

Schema = dict[str, pl.DataType | type[pl.DataType]]

DEPARTMENTS: Schema = {
    "department_code": pl.String,
    "department_name": pl.String,  # null: known by its code alone
    "parent_code": pl.String,  # null: directly below the corporate body
    "active_from": pl.Date,  # null: since ever
    "active_to": pl.Date,  # first day on which it is no longer active; null: open
}
SITES: Schema = {
    "site_code": pl.String,
    "site_name": pl.String,
    "department_codes": pl.List(pl.String),  # empty: the corporate body's own
    "in_scope_from": pl.Date,
    "in_scope_to": pl.Date,  # first day on which it is no longer in scope
    "must_visit": pl.Boolean,  # never null
    "central_function": pl.Boolean,  # never null
    "latitude": pl.Float64,  # degrees north
    "longitude": pl.Float64,  # degrees east
    "address": pl.String,
}
CERTIFICATES: Schema = {
    "certificate_code": pl.String,
    "department_code": pl.String,
    "awarded_on": pl.Date,
    "expires_on": pl.Date,  # first day without it
    "ended_on": pl.Date,
    "sites_required": pl.Int64,  # null: no number stated
    "certification_body": pl.String,
    "profile": pl.String,  # null: the tenant's
}
ASSESSMENTS: Schema = {
    "assessment_code": pl.String,
    "department_code": pl.String,
    "assessment_type": pl.String,
    "started_on": pl.Date,
    "ended_on": pl.Date,  # its day
    "planned": pl.Boolean,  # not held yet; never null
    "scope": pl.List(pl.String),  # null: none stated
    "assessor": pl.String,
    "submitted_on": pl.Date,
    "feedback_on": pl.Date,
    "recommendation": pl.String,
    "verified_on": pl.Date,
    "decision": pl.String,
}
VISITS: Schema = {
    "site_code": pl.String,
    "visited_on": pl.Date,
    "mode": pl.String,  # on_site, remote, self_assessed
    "assessment_code": pl.String,
    "planned": pl.Boolean,  # never null
}
RESULTS: Schema = {
    "department_code": pl.String,
    "site_code": pl.String,  # null: of the department as a whole
    "assessment_type": pl.String,
    "assessed_on": pl.Date,
    "element": pl.String,
    "band": pl.String,  # one of scheme.standard.ALL_BANDS
    "restated": pl.Boolean,  # marked so by the sender; never null (scheme.standing.restated finds the others)
}


@dataclass(frozen=True)
class Programme:
    """All that one tenant's measures are made of, as known at one moment.

    `profiles` holds the versions of each profile by code; "" is the tenant's own. Frames have the schemas above.
    One made from another (dataclasses.replace) works its `intervals` out anew, so they always are those of its rows.
    """

    standard: Standard
    profiles: Mapping[str, Sequence[Profile]]
    departments: pl.DataFrame
    sites: pl.DataFrame
    certificates: pl.DataFrame
    assessments: pl.DataFrame
    visits: pl.DataFrame
    results: pl.DataFrame

    @cached_property
    def intervals(self) -> pl.DataFrame:
        """The results with the days between which they hold (scheme.intervals.intervals), worked out once."""
        return intervals(self.results, self.assessments)

    @cached_property
    def places(self) -> pl.Enum:
        """Every department that any row names, in the order of codes, the corporate body ("") first."""
        named = self.intervals["department_code"]
        said = named.dtype.categories if isinstance(named.dtype, pl.Enum) else named.unique()
        codes = {*self.departments["department_code"], *said, *self.sites["department_codes"].explode()}
        return pl.Enum(sorted({code or "" for code in codes} | {""}, key=code_order))

    @cached_property
    def elements(self) -> pl.Enum:
        """The elements of the standard, in the order of codes."""
        return pl.Enum(sorted(self.standard.codes, key=code_order))

    def results_where(self, types: Collection[str], *rows: pl.Expr | pl.Series) -> pl.DataFrame:
        """The results of these types of assessment; `rows`: what else is asked, of the columns of `intervals`."""
        known = self.intervals
        return as_text(known.filter(among(known["assessment_type"], types), *rows).select(list(RESULTS)))

    @classmethod
    def ready(cls, intervals: pl.DataFrame, *rest: Any) -> "Programme":
        """A programme whose results were kept with their `intervals`, which are those of just these assessments.

        `rest`: the fields before `results`, in order. The words of `intervals` may be pl.Enum; `results` are made of
        them whenever they are asked for and not kept, for as text they take ten times the memory and few rules ask
        (`results_where`).
        """
        made = object.__new__(cls)
        names = [field.name for field in fields(cls) if field.name != "results"]
        vars(made).update(zip(names, rest, strict=True), intervals=intervals)
        return made

    def but(self, **other: Any) -> "Programme":
        """The programme with other frames or profiles; `intervals`, where they are none of these, as they are."""
        names = [field.name for field in fields(self) if field.name != "results"]
        rest = [other.pop(name, getattr(self, name)) for name in names]
        made = Programme.ready(other.pop("intervals", self.intervals), *rest)
        if other:
            raise TypeError(f"a programme has no {', '.join(other)}; results come with their intervals")
        return made

    if not TYPE_CHECKING:  # or any attribute would pass for one

        def __getattr__(self, name: str) -> pl.DataFrame:
            """The results of a programme made by `ready`, anew each time; anything else there is not."""
            if name != "results" or "intervals" not in vars(self):
                raise AttributeError(f"a programme has no {name}")
            return as_text(self.intervals.select(list(RESULTS)))

    def profile(self, day: date, code: str | None = None) -> Profile:
        """The version in force on the day of the tenant's profile, or of the one a certificate names.

        A name matches a profile's code or the name of one of its versions, without regard to case;
        ProfileInvalid where nothing does.
        """
        if not code:
            return in_force(self.profiles[""], day)
        wanted = code.casefold()
        for own, versions in self.profiles.items():
            if own.casefold() == wanted or any(version.name.casefold() == wanted for version in versions):
                return in_force(versions, day)
        raise ProfileInvalid(f"profile '{code}' is not known; add its file with `assay tenant add --profile`")
