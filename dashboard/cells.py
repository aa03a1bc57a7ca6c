"""What a cell is made of, asked of a view: the frames behind one element or criterion of one department."""

from datetime import date

import polars as pl

from dashboard import data
from dashboard.behind import Behind, CriterionBehind, ElementBehind, Place
from dashboard.data import View
from scheme.errors import UsageError
from scheme.standard import ASSESSMENT_TYPES, BASES, Criterion
from scheme.standing import active, effective

_HELD = ["department_code", "site_code", "assessment_type", "assessed_on"]
_BELOW = ["kind", "code", "name", "band", "assessed_on", "assessment_type", "rolled_up", "comment"]


def cell(view: View, day: date, basis: str, department: str | None, key: str) -> Behind:
    """What is behind an element or a criterion (`key`) of a department, None for the corporate body.

    `basis` may be difference: then formal. UsageError where the standard has no such key, or where the department is
    not active on the day, is unknown, or may not be seen: the three look the same.
    """
    standard = data.programme(view).standard
    place, basis = _place(view, day, department), "formal" if basis == "difference" else basis
    criteria = {criterion.code: criterion for criterion in standard.criteria}
    if key in standard.element:
        return _element(view, day, basis, place, key)
    if key in criteria:
        return _criterion(view, day, basis, place, criteria[key])
    raise UsageError(f"{standard.title} has no element or criterion {key}; open a cell from the table again")


def _place(view: View, day: date, department: str | None) -> Place:
    found = data.tree(view, day).filter(_of(department))
    if found.is_empty():
        what = f"department {department}" if department else "corporate body"
        raise UsageError(f"there is no {what} on this day that you may see; open a cell from the table again")
    return Place(department, found["name"][0], found["path"][0])


def _element(view: View, day: date, basis: str, place: Place, element: str) -> ElementBehind:
    programme, code = data.programme(view), place.code
    children = _children(view, day, code)
    said = _results(view, day, [code, *children], [element])
    own = said.filter(_of(code), pl.col("site_code").is_null())
    at = [_of(code), pl.col("element") == element]
    superseded = data.superseded_behind(view, [code], [element]).filter(_of(code), pl.col("assessed_on") <= day)
    sites = data.site_standings(view, day, basis).filter(at)["site_code"].to_list()
    ours = _of(code) | pl.col("department_code").is_null()
    at_sites = said.filter(pl.col("site_code").is_in(sites), ours)
    return ElementBehind(
        place,
        programme.standard,
        programme.standard.element[element],
        day,
        basis,
        programme.profile(day).cycle_years,
        next(data.standings(view, day, basis).filter(at).iter_rows(named=True), None),
        next(data.standings(view, day, "self").filter(at).iter_rows(named=True), None),
        _since(own, basis).get(element),
        own,
        superseded,
        pl.concat(
            [
                _sites(view, day, basis, code, element, said),
                _departments(view, day, basis, children, element, said),
            ]
        ),
        data.rows_of(view, "evidence").filter(at),
        data.open_actions(view, day).filter(at),
        at_sites,
        programme.profile(day),
        data.origins_of(view, [load for frame in (own, at_sites, superseded) for load in frame["load"]]),
    )


def _criterion(view: View, day: date, basis: str, place: Place, criterion: Criterion) -> CriterionBehind:
    programme, elements = data.programme(view), list(criterion.elements)
    at = [_of(place.code), pl.col("element").is_in(elements)]
    standing = data.standings(view, day, basis).filter(at)
    in_force = ["department_code", "element", "assessed_on", "assessment_type"]
    said = _results(view, day, [place.code], elements).filter(pl.col("site_code").is_null())
    since = _since(said, basis)
    children = _children(view, day, place.code)
    superseded = data.superseded_behind(view, [place.code], elements)
    superseded = superseded.filter(_of(place.code), pl.col("site_code").is_null(), pl.col("assessed_on") <= day)
    headrooms = data.headrooms(view, day, basis).filter(pl.col("criterion") == criterion.code)
    names = data.tree(view, day).select("department_code", "name")
    return CriterionBehind(
        place,
        programme.standard,
        criterion,
        day,
        basis,
        programme.profile(day).cycle_years,
        headrooms.filter(_of(place.code)).row(0, named=True),
        standing,
        standing.filter(~pl.col("rolled_up"))
        .join(said, on=in_force, how="left", nulls_equal=True, maintain_order="left")
        .select(
            "element", "comment", since=pl.col("element").replace_strict(since, default=None, return_dtype=pl.Date)
        ),
        headrooms.filter(pl.col("department_code").is_in(children)).join(names, on="department_code"),
        data.open_actions(view, day).filter(at),
        own := said.filter(_of(place.code)),
        superseded,
        programme.profile(day),
        data.origins_of(view, [load for frame in (own, superseded) for load in frame["load"]]),
    )


def _of(department: str | None) -> pl.Expr:
    return pl.col("department_code").eq_missing(pl.lit(department, pl.String))


def _children(view: View, day: date, code: str | None) -> list[str]:
    """The departments directly below that are active on the day."""
    parent = pl.col("parent_code").eq_missing(pl.lit(code, pl.String))
    return active(data.programme(view).departments, day).filter(parent)["department_code"].to_list()


def _results(view: View, day: date, departments: list[str | None], elements: list[str]) -> pl.DataFrame:
    """What was said of them, and of sites naming no department, up to the day; `restated` as the rules say."""
    rows = data.results_behind(view, [*departments, None], elements).filter(pl.col("assessed_on") <= day)
    order = pl.col("assessment_type").replace_strict(ASSESSMENT_TYPES, range(len(ASSESSMENT_TYPES)))
    return effective(rows, data.programme(view).assessments).sort("assessed_on", order, descending=True)


def _since(own: pl.DataFrame, basis: str) -> dict[str, date]:
    """From which day on each element has had its band without a break, by own results, newest first."""
    moving = own.filter(~pl.col("restated"), pl.col("assessment_type").is_in(BASES[basis]))
    band: dict[str, str] = {}
    since: dict[str, date] = {}
    broken: set[str] = set()
    for element, here, day in moving.select("element", "band", "assessed_on").iter_rows():
        if band.setdefault(element, here) != here:
            broken.add(element)
        elif element not in broken:
            since[element] = day
    return since


def _sites(view: View, day: date, basis: str, department: str | None, element: str, said: pl.DataFrame) -> pl.DataFrame:
    """The sites' part of what lies directly below; a result naming no department is said of each the site has."""
    here = data.site_standings(view, day, basis).filter(_of(department), pl.col("element") == element)
    comments = said.filter(pl.col("site_code").is_not_null(), _of(department) | pl.col("department_code").is_null())
    own_first = comments.sort("department_code", nulls_last=True).unique(
        ["site_code", "assessment_type", "assessed_on"], keep="first", maintain_order=True
    )
    names = data.programme(view).sites.select("site_code", "site_name")
    return (
        here.join(own_first.drop("department_code", "element", "band"), on=_HELD[1:], how="left", maintain_order="left")
        .join(names, on="site_code", how="left", maintain_order="left")
        .with_columns(
            kind=pl.lit("site"),
            code="site_code",
            name=pl.coalesce("site_name", "site_code"),
            rolled_up=pl.lit(value=False),
        )
        .select(_BELOW)
    )


def _departments(
    view: View, day: date, basis: str, children: list[str], element: str, said: pl.DataFrame
) -> pl.DataFrame:
    """The departments' part of what lies directly below."""
    here = pl.col("department_code").is_in(children), pl.col("element") == element
    comments = said.filter(pl.col("site_code").is_null()).select(*_HELD, "comment").drop("site_code")
    held = ["department_code", "assessment_type", "assessed_on"]
    return (
        data.standings(view, day, basis)
        .filter(*here)
        .join(comments, on=held, how="left", maintain_order="left")
        .join(data.tree(view, day).select("department_code", "name"), on="department_code", maintain_order="left")
        .with_columns(kind=pl.lit("department"), code="department_code")
        .select(_BELOW)
    )
