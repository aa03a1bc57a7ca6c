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

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl

from scheme.exemplars import WORSE, exemplars, held_since, nearest
from scheme.frames import Programme, Schema
from scheme.headroom import headroom
from scheme.safety_words import why_mend, why_not
from scheme.standard import FORMAL, code_order
from scheme.standing import CORPORATE, in_code_order, lines, site_standing, standing

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
    programme: Programme,
    day: date,
    left: int = 1,
    basis: str = "formal",
    actions: pl.DataFrame | None = None,
    bands: pl.DataFrame | None = None,
    departments: Collection[str | None] | None = None,
) -> pl.DataFrame:
    """The smallest set of elements of each department to bring to compliant so that every criterion is safe.

    For the corporate body and every department active on the day: FIXES, sorted by code and place; no row where nothing
    is to do. `left` more partials may then come (0: just not failing); where the allowance is less, all partials go.
    `actions`: open ones with department_code, element and due_on. Non-compliant elements come first, then the criterion
    with the least headroom. `bands`: standing of the day on this basis, where it is known already. Of some
    `departments` alone where they are given. ValueError for a negative `left`.
    """
    if left < 0:
        raise ValueError("the room left cannot be less than none")
    known = standing(programme, day, basis) if bands is None else bands
    there = known if departments is None else known.filter(_of(departments))
    cells = _candidates(programme, day, basis, known, there, actions)
    # from the allowance, since a criterion cannot have more room than that
    over = headroom(programme, day, basis, there).select(
        *_CRITERION, "headroom", over=pl.col("partial") - (pl.col("allowance") - left).clip(lower_bound=0)
    )
    turn = pl.int_range(pl.len()).over(*_CRITERION, "band")
    chosen = (
        cells.join(over, on=_CRITERION, nulls_equal=True)
        .sort(_EASIEST)
        .filter((pl.col("band") != "partial") | (turn < pl.col("over")))
        .with_columns(is_partial=pl.col("band") == "partial")
    )
    codes = in_code_order(chosen.select("department_code").unique(), "department_code").with_row_index("whose")
    chosen = (
        chosen.join(codes, on="department_code", nulls_equal=True)
        .sort("whose", "is_partial", "headroom", *_EASIEST)
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("whose"))
    )
    names = _names(programme)
    below = _worse_below(programme, day, basis, known, chosen.filter("rolled_up"), names)
    told = [
        why_mend(programme.standard, names, day, row, below.get((row["department_code"], row["element"]), []))
        for row in chosen.iter_rows(named=True)
    ]
    rows = chosen.with_columns(pl.Series("why", told, pl.String))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FIXES.items())


def limits(
    programme: Programme, day: date, left: int = 1, basis: str = "formal", bands: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What mending elements cannot reach: LIMITS, a row for each criterion of which something is to be said, by code.

    Its allowance is less than `left`, elements of it were never assessed, or bands of it are rolled up. `bands`:
    standing of the day on this basis, where it is known already.
    """
    rows = headroom(programme, day, basis, bands).with_columns(reachable=pl.min_horizontal("allowance", pl.lit(left)))
    told = rows.filter((pl.col("allowance") < left) | (pl.col("not_assessed") > 0) | pl.col("indicative"))
    why = pl.Series("why", [why_not(row, left) for row in told.iter_rows(named=True)], dtype=pl.String)
    return told.with_columns(why).select(pl.col(name).cast(dtype) for name, dtype in LIMITS.items())


# What settles which of several partials to mend: the least first.
_EASIEST = ["no_action", "nearness", "not_in_review", "held_from", "number"]


def _of(departments: Collection[str | None]) -> pl.Expr:
    return pl.col("department_code").is_in(list(departments), nulls_equal=True)


def _candidates(
    programme: Programme, day: date, basis: str, bands: pl.DataFrame, there: pl.DataFrame, actions: pl.DataFrame | None
) -> pl.DataFrame:
    """Every partial or worse cell of `there`, rows of `bands`, with what settles the choice and what is said of it."""
    cells = there.filter(pl.col("band").is_in(WORSE)).select(*_CELL, "band", "rolled_up")
    elements, places = cells["element"].unique().to_list(), cells["department_code"].unique().to_list()
    teachers = exemplars(programme, day, bands if basis == "formal" else None, elements)
    numbers = {code: number for number, code in enumerate(sorted(programme.standard.codes, key=code_order))}
    criteria = {code: programme.standard.element[code].criterion for code in elements}
    rows = nearest(programme, cells, teachers)
    for more in (held_since(programme, day, basis, places, elements), _due(actions)):
        rows = rows.join(more, on=_CELL, how="left", nulls_equal=True)
    rows = rows.with_columns(place=pl.col("department_code").fill_null(CORPORATE))
    return (
        rows.join(_reviews(programme, day), on=["place", "element"], how="left")
        .with_columns(
            pl.col("has_action").fill_null(value=False),
            since_on=pl.when(~pl.col("rolled_up")).then("since_on"),
            criterion=pl.col("element").replace_strict(criteria, return_dtype=pl.String),
            in_next_review=pl.col("review_on").is_not_null(),
        )
        .with_columns(
            no_action=~pl.col("has_action"),
            nearness=(pl.col("steps") > NEAR).cast(pl.Int64).fill_null(2),
            not_in_review=~pl.col("in_next_review"),
            held_from=pl.col("since_on").fill_null(date.max),
            number=pl.col("element").replace_strict(numbers, return_dtype=pl.Int64),
        )
    )


def _due(actions: pl.DataFrame | None) -> pl.DataFrame:
    """By department and element, when the first open action is due; null where none of them has a day."""
    if actions is None:
        return pl.DataFrame(
            schema={**dict.fromkeys(_CELL, pl.String), "action_due_on": pl.Date, "has_action": pl.Boolean}
        )
    named = actions.filter(pl.col("element").is_not_null()).group_by(_CELL).agg(action_due_on=pl.col("due_on").min())
    return named.with_columns(has_action=pl.lit(value=True))


def _reviews(programme: Programme, day: date) -> pl.DataFrame:
    """By place ("" is the corporate body) and element, the next planned formal assessment whose scope names it.

    Of the department, of one above it or of one below it; ending on or after the day: review_on (its first day),
    review_type, review_of.
    """
    ahead = programme.assessments.filter("planned", pl.col("ended_on") >= day, pl.col("assessment_type").is_in(FORMAL))
    scoped = (
        ahead.select(
            pl.col("scope").alias("element"),
            "ended_on",
            review_on=pl.coalesce("started_on", "ended_on"),
            review_type="assessment_type",
            review_of=pl.col("department_code").fill_null(CORPORATE),
        )
        .explode("element")
        .drop_nulls("element")
    )
    family = lines(programme.departments)
    up = family.select("place", review_of="above")
    down = family.select(place="above", review_of="place")
    every = programme.departments.select(place="department_code")
    corporate = every.with_columns(review_of=pl.lit(CORPORATE))
    root = pl.DataFrame({"place": [CORPORATE], "review_of": [CORPORATE]})
    related = pl.concat([up, down, corporate, corporate.select(place="review_of", review_of="place"), root]).unique()
    return (
        scoped.join(related, on="review_of")
        .sort("ended_on", "review_on", "review_type", "review_of")
        .unique(["place", "element"], keep="first", maintain_order=True)
        .select("place", "element", "review_on", "review_type", "review_of")
    )


def _worse_below(
    programme: Programme, day: date, basis: str, bands: pl.DataFrame, of: pl.DataFrame, names: Mapping[str, str]
) -> dict[tuple[str | None, str], list[tuple[str, str]]]:
    """By department and element of these rows, what lies directly below and is partial or worse: its name and band."""
    found: dict[tuple[str | None, str], list[tuple[str, str]]] = {}
    if of.is_empty():
        return found
    parents = programme.departments.select("department_code", "parent_code")
    places = dict(programme.sites.select("site_code", "site_name").iter_rows())
    worse = bands.filter(pl.col("band").is_in(WORSE), pl.col("department_code").is_not_null())
    children = worse.select(*_CELL, "band").join(parents, on="department_code", maintain_order="left")
    above = of.select(parent_code="department_code", element="element")
    here = children.join(above, on=["parent_code", "element"], how="semi", nulls_equal=True, maintain_order="left")
    for code, element, band, parent in here.iter_rows():
        found.setdefault((parent, element), []).append((names[code], band))
    rows = site_standing(programme, day, basis).filter(pl.col("band").is_in(WORSE))
    rows = rows.join(of.select(_CELL), on=_CELL, how="semi", nulls_equal=True, maintain_order="left")
    for code, site, element, band in rows.select("department_code", "site_code", "element", "band").iter_rows():
        found.setdefault((code, element), []).append((places.get(site) or site, band))
    return found


def _names(programme: Programme) -> dict[str, str]:
    rows = programme.departments.select("department_code", "department_name").iter_rows()
    return {code: name or code for code, name in rows}
