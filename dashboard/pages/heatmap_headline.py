"""The one sentence of the heatmap, from facts."""

import polars as pl

from dashboard import words
from dashboard.filters import Filters
from dashboard.pages.heatmap_grid import Grid, differences, statuses
from scheme.headroom import STATUSES


def headline(grid: Grid, asked: Filters) -> str:
    """The one sentence: who fails, who is at the limit, where most of all, and what has changed."""
    if asked.basis == "difference":
        return _of_difference(grid)
    found = statuses(grid).filter(~pl.col("indicative"), ~pl.col("is_unknown"))
    whole = found.filter(pl.col("department_code").is_null())
    departments = found.filter(pl.col("department_code").is_not_null())
    said = [f"{grid.tree['name'][0]} as a whole {_STANDS[whole['status'][0]]}."] if whole.height else []
    if departments.height:
        said.append(_stand(departments["status"].to_list(), asked))
    elif not whole.height:
        said.append(f"Nothing shown here has been assessed as a whole by {words.day(asked.as_of)}.")
    return " ".join([*said, *_where_most(grid, found), *_since(grid, asked)])


_STANDS = {"fails": "fails", "at_limit": "is at its limit", "incomplete": "is incomplete", "passes": "passes"}
_BY = {"formal": "", "self": "By their own assessment, ", "desk": "By desk review, "}


def _stand(found: list[str], asked: Filters) -> str:
    number = {code: found.count(code) for code in STATUSES}
    of = f"{number['fails'] or 'none'} of {words.count(len(found), 'assessed department')}"
    fails = f"{of} {'fails' if number['fails'] == 1 else 'fail'}"
    limit = f"{number['at_limit'] or 'none'} {'is at its limit' if number['at_limit'] == 1 else 'are at their limit'}"
    sentence = f"{_BY[asked.basis]}{fails}, {limit}, {number['incomplete'] or 'none'} incomplete."
    return sentence[0].upper() + sentence[1:]


def _where_most(grid: Grid, judged: pl.DataFrame) -> list[str]:
    """The criterion in which most of those with a verdict fail or are at their limit."""
    tight = grid.headroom.filter(
        pl.col("status").is_in(["fails", "at_limit"]),
        pl.col("department_code").is_in(judged["department_code"].implode(), nulls_equal=True),
    )
    if tight.is_empty():
        return []
    number = dict(tight.group_by("criterion").len().iter_rows())
    most = max(grid.standard.criteria, key=lambda criterion: number.get(criterion.code, 0))
    return [
        f"Tightest is criterion {most.code}, {most.title.lower()}: "
        f"{words.count(number[most.code], 'department')} at or over the limit."
    ]


def _since(grid: Grid, asked: Filters) -> list[str]:
    """How many departments are better and worse than on the day compared: by non-compliants, then by partials."""
    if grid.before_headroom is None or asked.compare is None:
        return []
    before, now = _badness(grid.before_headroom), _badness(grid.headroom)
    both = before.keys() & now.keys()
    better, worse = sum(now[code] < before[code] for code in both), sum(now[code] > before[code] for code in both)
    changed = f"{better or 'none'} better, {worse or 'none'} worse" if better or worse else "none better or worse"
    return [f"Against {words.day(asked.compare)}: {changed}."]


def _badness(headroom: pl.DataFrame) -> dict[str | None, tuple[int, int]]:
    found = headroom.group_by("department_code").agg(
        pl.col("non_compliant", "partial", "elements", "not_assessed").sum(), pl.col("indicative").any()
    )
    judged = found.filter(~pl.col("indicative"), pl.col("not_assessed") < pl.col("elements"))
    return {code: (failing, partial) for code, failing, partial, *_ in judged.iter_rows()}


def _of_difference(grid: Grid) -> str:
    found = differences(grid)
    if found.is_empty():
        return "No element here has both an own assessment and an assessor's band, so there is nothing to compare."
    compared = found["department_code"].n_unique()
    higher = found.filter(pl.col("by") > 0).group_by("department_code").len("higher")
    if higher.is_empty():
        return f"None of {words.count(compared, 'department')} rates itself higher than its assessors."
    most = grid.tree.join(higher, on="department_code", nulls_equal=True, maintain_order="left")
    name, number = most.sort("higher", descending=True, maintain_order=True).select("name", "higher").row(0)
    rate = "rates itself" if higher.height == 1 else "rate themselves"
    return (
        f"{higher.height} of {words.count(compared, 'department')} {rate} higher than their assessors, "
        f"in {words.count(found.filter(pl.col('by') > 0).height, 'element')}; most of all {name} ({number})."
    )
