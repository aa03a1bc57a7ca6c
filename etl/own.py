"""Whose rows: a sender who speaks for a part of the tenant sends rows of that part, and learns of no other (T6).

Whatever such a sender may not send is set aside with one sentence, which is the same for what exists and what does not.
"""

from collections.abc import Mapping

import polars as pl

from db.loading import SENT_BY_CHAMPIONS, Own, nothing
from etl.check import Ledger, set_aside
from scheme.tables import TABLES

_NOT_YOURS = "is not among those you send for"
_TABLES = ", ".join(name.replace("_", " ") for name in SENT_BY_CHAMPIONS)
# Tables whose key does not say whose a row is: the column that a sender fills in.
NAMED_BY = {"assessments": "assessment_code", "actions": "action_code"}


def own_part(departments: tuple[str, ...], parents: Mapping[str, str | None], sites: Mapping[str, list[str]]) -> Own:
    """The part of a tenant that some departments and all below them make up, with the sites that are theirs alone."""
    own = set()
    for place in parents:
        walked: dict[str, None] = {}
        code: str | None = place
        while code is not None and code not in walked:
            walked[code] = None
            code = parents.get(code)
        if not walked.keys().isdisjoint(departments):
            own.add(place)
    theirs = {site for site, codes in sites.items() if codes and own.issuperset(codes)}
    return Own(frozenset(own), frozenset(theirs))


def only_own(ledger: Ledger, own: Own | None, foreign: Mapping[str, frozenset[str]]) -> Ledger:
    """The rows, with those set aside that speak of anything but the sender's own part; all of them where it is None."""
    if own is None:
        return dict(ledger)
    return {name: _only_own(name, frame, own, foreign.get(name, frozenset())) for name, frame in ledger.items()}


def _only_own(name: str, frame: pl.DataFrame, own: Own, foreign: frozenset[str]) -> pl.DataFrame:
    if name not in SENT_BY_CHAMPIONS:
        why = f"you send {_TABLES}; {name.replace('_', ' ')} are kept by who administers the organisation"
        return set_aside(frame, pl.lit(value=True), pl.lit(why))
    names, faults = TABLES[name].names, []
    if "department_code" in names:
        theirs = ~pl.col("department_code").is_in(sorted(own.departments))
        faults.append(pl.when(theirs).then(pl.format(f"department {{}} {_NOT_YOURS}", "department_code")))
    if "site_code" in names:
        theirs = ~nothing("site_code") & ~pl.col("site_code").is_in(sorted(own.sites))
        faults.append(pl.when(theirs).then(pl.format(f"site {{}} {_NOT_YOURS}", "site_code")))
    if name in NAMED_BY:
        taken = pl.col(TABLES[name].key[0]).is_in(sorted(foreign))
        faults.append(pl.when(taken).then(pl.format(f"{name.removesuffix('s')} {{}} {_NOT_YOURS}", NAMED_BY[name])))
    faults.append(pl.when(~own.rows(name)).then(pl.lit(f"no department: the organisation itself {_NOT_YOURS}")))
    why_not = pl.coalesce(*faults)
    return set_aside(frame, why_not.is_not_null(), why_not)
