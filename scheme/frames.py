"""The frames that travel between the warehouse, the rules and the screens: their columns, dtypes and meaning.

Codes are text. No department (null) is the corporate body. Days are pl.Date. Frames hold what was known at one
moment and are not cut to a day: every rule cuts for itself (measures.md section 1, "as of").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from scheme.errors import ProfileInvalid
from scheme.standard import Profile, Standard, in_force

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
    """

    standard: Standard
    profiles: Mapping[str, Sequence[Profile]]
    departments: pl.DataFrame
    sites: pl.DataFrame
    certificates: pl.DataFrame
    assessments: pl.DataFrame
    visits: pl.DataFrame
    results: pl.DataFrame

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
