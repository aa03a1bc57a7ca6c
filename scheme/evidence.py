"""Evidence: what there is by code, whether it still holds, which elements have none, and what is to be seen at a site.

A code recurs under every element that it serves (inputs.md section 1). The rest is **ours**: `expires_on` is the first
day on which evidence no longer holds, as it is everywhere; it expires soon within SOON before that day; and a
department's evidence is its own, so what one above or below it has does not stand for it.
"""

from datetime import date, timedelta

import polars as pl

from scheme.frames import Programme, Schema
from scheme.standard import code_order
from scheme.standing import active

SOON = timedelta(days=90)
STATES = ("expired", "expiring", "current", "undated")
KINDS = ("descriptive", "supportive", "observed")
_SEEN = ("observed", "observation", "observe", "see on site", "seen on site", "on site", "tell me")
EVIDENCE: Schema = {
    "department_code": pl.String,
    "element": pl.String,
    "evidence_code": pl.String,
    "evidence": pl.String,
    "kind": pl.String,  # the sender's word
    "site_code": pl.String,
    "shown_by": pl.String,
    "link": pl.String,
    "owner": pl.String,
    "expires_on": pl.Date,
    "note": pl.String,
}
_TOLD = ("evidence", "kind", "site_code", "shown_by", "link", "owner", "expires_on", "note")
BY_CODE: Schema = {
    **{name: dtype for name, dtype in EVIDENCE.items() if name != "element"},
    "elements": pl.List(pl.String),  # that it serves, in order
    "differs": pl.List(pl.String),  # columns that are not said alike under all of them
    "state": pl.String,  # one of STATES
    "days": pl.Int64,  # to the day on which it expires, negative once past; null where it has none
}
LACKING: Schema = {
    "department_code": pl.String,
    "none": pl.List(pl.String),  # elements without any evidence
    "expired": pl.List(pl.String),  # elements all of whose evidence has expired
    "elements": pl.Int64,  # that it should have some for
}
TO_SEE: Schema = {**BY_CODE, "here": pl.Boolean}


def kind_of(word: str | None) -> str | None:
    """A sender's word for a kind as one of KINDS, or as it stands; None where it says nothing."""
    said = " ".join((word or "").replace("_", " ").replace("-", " ").casefold().split())
    return "observed" if said in _SEEN else said or None


def evidence(known: pl.DataFrame, day: date) -> pl.DataFrame:
    """The evidence of each department by its code, with the elements it serves: columns and dtypes are BY_CODE's.

    `known` has the columns of EVIDENCE. What differs between its elements is told of the first of them that says
    anything, its expiry by the earliest day, and `differs` names it. What has expired comes first, the longest ago;
    then by the day it expires, none last.
    """
    place, elements = ["department_code", "evidence_code"], sorted(set(known["element"]), key=code_order)
    turn = pl.col("element").replace_strict(elements, range(len(elements)), return_dtype=pl.Int64)
    kinds = pl.Series("kind", [kind_of(word) for word in known["kind"]], pl.String)
    rows = known.select(list(EVIDENCE)).with_columns(kinds).sort(turn, maintain_order=True)
    first = [pl.col(name).min() if name == "expires_on" else pl.col(name).drop_nulls().first() for name in _TOLD]
    differing = [pl.when(pl.col(name).n_unique() > 1).then(pl.lit(name)).alias(f"differs {name}") for name in _TOLD]
    found = rows.group_by(place, maintain_order=True).agg(*first, *differing, elements=pl.col("element"))
    days = (pl.col("expires_on") - pl.lit(day)).dt.total_days()
    told = found.with_columns(
        differs=pl.concat_list(f"differs {name}" for name in _TOLD).list.drop_nulls(), state=_state(day), days=days
    )
    codes = sorted({*told["department_code"], *told["evidence_code"]}, key=code_order)
    order = [pl.col(name).replace_strict(codes, range(len(codes)), return_dtype=pl.Int64) for name in place]
    return told.sort("expires_on", *order, nulls_last=[True, False, False]).select(
        pl.col(name).cast(dtype) for name, dtype in BY_CODE.items()
    )


def _state(day: date) -> pl.Expr:
    end = pl.col("expires_on")
    return (
        pl.when(end.is_null())
        .then(pl.lit("undated"))
        .when(end <= day)
        .then(pl.lit("expired"))
        .when(end <= day + SOON)
        .then(pl.lit("expiring"))
        .otherwise(pl.lit("current"))
    )


def lacking(programme: Programme, known: pl.DataFrame, standing: pl.DataFrame, day: date) -> pl.DataFrame:
    """The elements without evidence that holds, by department active on the day: columns and dtypes are LACKING's.

    Of departments (the corporate body, null, too) that have a result of their own of any kind by then or any evidence:
    of the others nothing is claimed that would have to be shown. An element that is not applicable needs none. Those
    that lack most come first.
    """
    own = programme.results.filter(pl.col("site_code").is_null(), pl.col("assessed_on") <= day)
    asked_of = {*own["department_code"], *known["department_code"]}
    there_are = [None, *active(programme.departments, day)["department_code"]]
    codes = [code for code in there_are if code in asked_of]
    spared = set(standing.filter(band="not_applicable").select("department_code", "element").iter_rows())
    ended = pl.col("expires_on").is_not_null() & (pl.col("expires_on") <= day)
    there: dict[tuple[str | None, str], bool] = {}
    for code, element, is_over in known.select("department_code", "element", ended).iter_rows():
        there[code, element] = there.get((code, element), True) and is_over
    rows = []
    for code in codes:
        asked = [element for element in programme.standard.codes if (code, element) not in spared]
        none = [element for element in asked if (code, element) not in there]
        expired = [element for element in asked if there.get((code, element), False)]
        rows.append((code, none, expired, len(asked)))
    rows.sort(key=lambda row: (-len(row[1]), -len(row[2]), code_order(row[0])))
    return pl.DataFrame(rows, LACKING, orient="row")


def to_see(programme: Programme, known: pl.DataFrame, day: date, site: str) -> pl.DataFrame:
    """What is to be seen at a site: columns and dtypes are TO_SEE's, in the order of the elements.

    The evidence that names the site (`here`), of whatever kind; and what its departments say is observed and name no
    site for: that may be seen at any of theirs. Empty for a site that is not known.
    """
    found = programme.sites.filter(site_code=site)
    places = found["department_codes"].to_list()[0] if found.height else []
    rows = known.select(list(EVIDENCE)).with_columns(here=pl.col("site_code") == site)
    observed = pl.Series([kind_of(word) == "observed" for word in known["kind"]], dtype=pl.Boolean)
    theirs = pl.col("department_code").is_in(places) if places else pl.col("department_code").is_null()
    anywhere = pl.col("site_code").is_null() & observed & theirs
    at_all = rows.filter((pl.col("here") | anywhere).fill_null(value=False) & pl.lit(bool(found.height)))
    parts = [
        evidence(at_all.filter(where), day).with_columns(here=pl.lit(value))
        for where, value in ((pl.col("here").fill_null(value=False), True), (pl.col("here").is_null(), False))
    ]
    both = pl.concat(parts).with_row_index("place")
    first = {element: place for place, element in enumerate(programme.standard.codes)}
    turns = pl.Series(
        "turn", [min(first.get(one, len(first)) for one in served) for served in both["elements"]], pl.Int64
    )
    return both.with_columns(turns).sort(~pl.col("here"), "turn", "place").select(list(TO_SEE))
