"""The way to safety: the smallest set of elements to bring to compliant so that every criterion passes with room left.

A criterion is safe when nothing in it is non-compliant and at least `left` more partials could come without its
failing: partials <= allowance - left (measures.md section 3). Every non-compliant element has to be mended, and of the
partials as many as are over; bringing an element to compliant helps its own criterion alone. So the fewest elements are
known by counting, no search is needed and none is smaller (tests/scheme/test_safety.py tries all others).

Which of several equally small sets is chosen is **ours**, by what is easiest to do next, first that tells them apart:
an open action there; an exemplar nearby (at most NEAR steps away in the tree), else one somewhere; the next review of
the department, of one above or below it, looks at the element; longer in its band; code.

What no set can reach is said apart, by `limits`: room for more partials than the allowance, and elements that were
never assessed. Where a band is rolled up from below, the department is made safe by those below it: the fix is an
indication and names them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from scheme.exemplars import WORSE, exemplars, held_since, steps_between
from scheme.frames import Programme, Schema
from scheme.headroom import headroom
from scheme.standard import FORMAL, Standard, code_order
from scheme.standing import CORPORATE, lines, site_standing, standing

NEAR = 2  # steps in the tree: a parent, a child, a sibling, or two up or down (ours)
FIXES: Schema = {
    "department_code": pl.String,  # null: the corporate body
    "criterion": pl.String,
    "element": pl.String,
    "band": pl.String,  # now: partial or non_compliant
    "place": pl.Int64,  # 1.. within the department, first to do first
    "has_action": pl.Boolean,
    "exemplars": pl.Int64,  # other departments that hold compliance plus there
    "in_next_review": pl.Boolean,
    "why": pl.String,
    "rolled_up": pl.Boolean,  # then those below make it safe, and this is an indication
    "since_on": pl.Date,  # null where rolled up
    "action_due_on": pl.Date,  # of the first open action; null where there is none, or it has no day
    "review_on": pl.Date,  # the first day of the review that looks at it; null where none does
}
LIMITS: Schema = {
    "department_code": pl.String,
    "criterion": pl.String,
    "allowance": pl.Int64,
    "reachable": pl.Int64,  # the most room there can be: `left`, or the allowance where that is less
    "not_assessed": pl.Int64,
    "indicative": pl.Boolean,
    "why": pl.String,
}
_CELL = ["department_code", "element"]
_CRITERION = ["department_code", "criterion"]


def cheapest(
    programme: Programme, day: date, left: int = 1, basis: str = "formal", actions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The smallest set of elements of each department to bring to compliant so that every criterion is safe.

    For the corporate body and every department active on the day: FIXES, sorted by code and place; no row where nothing
    is to do. `left` more partials may then come (0: just not failing); where the allowance is less, all partials go.
    `actions`: open ones with department_code, element and due_on. Non-compliant elements come first, then the criterion
    with the least headroom. ValueError for a negative `left`.
    """
    if left < 0:
        raise ValueError("the room left cannot be less than none")
    bands = standing(programme, day, basis)
    rows = _candidates(programme, day, basis, bands, actions)
    # from the allowance, since a criterion cannot have more room than that
    over = headroom(programme, day, basis, bands).with_columns(
        over=pl.col("partial") - (pl.col("allowance") - left).clip(lower_bound=0)
    )
    many = {(code, criterion): number for code, criterion, number in over.select(*_CRITERION, "over").iter_rows()}
    room = {(code, criterion): number for code, criterion, number in over.select(*_CRITERION, "headroom").iter_rows()}
    chosen: list[dict[str, Any]] = []
    for row in sorted(rows, key=_easiest):
        cell = row["department_code"], row["criterion"]
        if row["band"] == "partial":
            if many[cell] <= 0:
                continue
            many[cell] -= 1
        chosen.append(row)
    chosen.sort(
        key=lambda row: (
            code_order(row["department_code"]),
            row["band"] == "partial",
            room[row["department_code"], row["criterion"]],
            _easiest(row),
        )
    )
    names = _names(programme)
    below = _worse_below(programme, day, basis, bands, names)
    places: dict[str | None, int] = {}
    for row in chosen:
        code = row["department_code"]
        row["place"] = places[code] = places.get(code, 0) + 1
        row["why"] = _why(programme.standard, names, day, row, below.get((code, row["element"]), []))
    return pl.DataFrame(chosen, schema=FIXES)


def limits(programme: Programme, day: date, left: int = 1, basis: str = "formal") -> pl.DataFrame:
    """What mending elements cannot reach: LIMITS, a row for each criterion of which something is to be said, by code.

    Its allowance is less than `left`, elements of it were never assessed, or bands of it are rolled up.
    """
    rows = headroom(programme, day, basis).with_columns(reachable=pl.min_horizontal("allowance", pl.lit(left)))
    told = rows.filter((pl.col("allowance") < left) | (pl.col("not_assessed") > 0) | pl.col("indicative"))
    why = pl.Series("why", [_limit(row, left) for row in told.iter_rows(named=True)], dtype=pl.String)
    return told.with_columns(why).select(pl.col(name).cast(dtype) for name, dtype in LIMITS.items())


def _limit(row: dict[str, Any], left: int) -> str:
    said = []
    if row["allowance"] < left:
        most = f"{row['allowance']} can ever be left" if row["allowance"] else "no partial is allowed, so none is left"
        said.append(f"{most}, not {left}")
    if missing := row["not_assessed"]:
        what = "element was never assessed" if missing == 1 else "elements were never assessed"
        said.append(f"{missing} {what} and must be before it passes")
    if row["indicative"]:
        said.append("bands rolled up from below give an indication and no verdict")
    return f"Criterion {row['criterion']}: {'; '.join(said)}."


def _easiest(row: dict[str, Any]) -> tuple[Any, ...]:
    """What settles which of several partials to mend: the least first."""
    return (
        not row["has_action"],
        row["nearness"],
        not row["in_next_review"],
        row["since_on"] or date.max,
        code_order(row["element"]),
    )


def _candidates(
    programme: Programme, day: date, basis: str, bands: pl.DataFrame, actions: pl.DataFrame | None
) -> list[dict[str, Any]]:
    """Every partial or worse cell with what settles the choice and what is said of it."""
    cells = bands.filter(pl.col("band").is_in(WORSE)).select(*_CELL, "band", "rolled_up")
    since = held_since(programme, day, basis)
    rows = cells.join(since, on=_CELL, how="left", nulls_equal=True, maintain_order="left").to_dicts()
    due, reviews = _due(actions), _reviews(programme, day)
    best: dict[str, list[str]] = {}
    for element, code in exemplars(programme, day, bands if basis == "formal" else None)[
        "element", "department_code"
    ].iter_rows():
        best.setdefault(element, []).append(code)
    steps = steps_between(programme)
    for row in rows:
        code, element = row["department_code"], row["element"]
        row["criterion"] = programme.standard.element[element].criterion
        row["since_on"] = None if row["rolled_up"] else row["since_on"]
        row["has_action"], row["action_due_on"] = (code, element) in due, due.get((code, element))
        others = sorted((steps(code, other), code_order(other), other) for other in best.get(element, ()))
        row["exemplars"], row["nearest"] = len(others), others[0][2] if others else None
        row["nearness"] = int(others[0][0] > NEAR) if others else 2
        looks = reviews.get((code or CORPORATE, element))
        row["in_next_review"], row["review_on"] = looks is not None, looks[1] if looks else None
        row["review_type"] = looks[2] if looks else None
    return rows


def _due(actions: pl.DataFrame | None) -> dict[tuple[str | None, str], date | None]:
    """By department and element, when the first open action is due; None where none of them has a day."""
    if actions is None:
        return {}
    named = actions.filter(pl.col("element").is_not_null()).group_by(_CELL).agg(pl.col("due_on").min())
    return {(code, element): due_on for code, element, due_on in named.select(*_CELL, "due_on").iter_rows()}


def _reviews(programme: Programme, day: date) -> dict[tuple[str, str], tuple[date, date, str]]:
    """By place ("" is the corporate body) and element, the next planned formal assessment whose scope names it.

    Of the department, of one above it or of one below it; its last day on or after the day. Last day, first day, type.
    """
    ahead = programme.assessments.filter("planned", pl.col("ended_on") >= day, pl.col("assessment_type").is_in(FORMAL))
    family = lines(programme.departments)
    up = family.rename({"place": "place", "above": "of"})
    down = family.select(place="above", of="place")
    every = programme.departments.select(place="department_code")
    corporate = every.with_columns(of=pl.lit(CORPORATE))
    root = pl.DataFrame({"place": [CORPORATE], "of": [CORPORATE]})
    related = pl.concat([up, down, corporate, corporate.select(place="of", of="place"), root]).unique()
    scoped = (
        ahead.select(
            pl.col("department_code").fill_null(CORPORATE).alias("of"),
            pl.col("scope").alias("element"),
            "ended_on",
            pl.coalesce("started_on", "ended_on").alias("begins_on"),
            "assessment_type",
        )
        .explode("element")
        .drop_nulls("element")
        .join(related, on="of")
    )
    found: dict[tuple[str, str], tuple[date, date, str]] = {}
    for place, element, *review in scoped.select(
        "place", "element", "ended_on", "begins_on", "assessment_type"
    ).iter_rows():
        ended_on, begins_on, kind = review
        key, told = (place, element), (ended_on, begins_on, kind)
        found[key] = min(found.get(key, told), told)
    return found


def _worse_below(
    programme: Programme, day: date, basis: str, bands: pl.DataFrame, names: Mapping[str, str]
) -> dict[tuple[str | None, str], list[tuple[str, str]]]:
    """By department and element, what lies directly below and is partial or worse: its name and its band."""
    parents = dict(programme.departments.select("department_code", "parent_code").iter_rows())
    places = dict(programme.sites.select("site_code", "site_name").iter_rows())
    found: dict[tuple[str | None, str], list[tuple[str, str]]] = {}
    worse = pl.col("band").is_in(WORSE)
    for code, element, band in bands.filter(worse).select(*_CELL, "band").iter_rows():
        if code is not None:
            found.setdefault((parents.get(code), element), []).append((names[code], band))
    rows = site_standing(programme, day, basis).filter(worse)
    for code, site, element, band in rows.select("department_code", "site_code", "element", "band").iter_rows():
        found.setdefault((code, element), []).append((places.get(site) or site, band))
    return found


def _names(programme: Programme) -> dict[str, str]:
    rows = programme.departments.select("department_code", "department_name").iter_rows()
    return {code: name or code for code, name in rows}


def _why(
    standard: Standard, names: Mapping[str, str], day: date, row: dict[str, Any], below: list[tuple[str, str]]
) -> str:
    """The reason in a sentence: the band and since when, what is being done, who does it well, who looks at it."""
    label = standard.band[row["band"]].label.lower()
    said = [f"{label} since {_day(row['since_on'])}" if row["since_on"] else label]
    if row["rolled_up"]:
        said = [f"{label}, rolled up from below, an indication; {_mended_below(standard, below)}"]
    if row["has_action"]:
        due_on = row["action_due_on"]
        when = f"{'due' if due_on >= day else 'overdue since'} {_day(due_on)}" if due_on else "with no day set"
        said.append(f"an action is open, {when}")
    else:
        said.append("no action is open")
    if row["nearest"]:
        more = row["exemplars"] - 1
        hold = f" and {more} more hold" if more else " holds"
        said.append(f"{names.get(row['nearest'], row['nearest'])}{hold} {standard.bands[0].label.lower()}")
    if row["review_on"]:
        said.append(f"the {row['review_type'].replace('_', ' ')} of {_day(row['review_on'])} looks at it")
    return f"{row['element']}: {'; '.join(said)}."


def _mended_below(standard: Standard, below: list[tuple[str, str]]) -> str:
    if not below:
        return "what lies below makes it safe"
    shown = [f"{name} ({standard.band[band].label.lower()})" for name, band in below[:5]]
    more = len(below) - len(shown)
    return f"made safe by {', '.join(shown)}{f' and {more} more' if more else ''}"


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"
