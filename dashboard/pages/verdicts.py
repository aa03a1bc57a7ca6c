"""How each department stands, in the words and counts that every page shares."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.table import Cell, status
from dashboard.words import STATUS, count, listing
from dashboard.words import day as day_words
from scheme.headroom import STATUSES, status_by_department

SHOWN = (*STATUSES, "indication", "not_assessed")
WORDS = {**STATUS, "not_assessed": "Not assessed"}
BY = {"formal": "", "self": "By own assessments: ", "desk": "By desk reviews: "}


def verdicts(tree: pl.DataFrame, headroom: pl.DataFrame) -> pl.DataFrame:
    """One row for each department of the tree that has rows in `headroom`, in the order of the tree.

    `tree` is dashboard.data.tree, `headroom` scheme.headroom.headroom. Adds to the tree: status, criterion (the
    tightest), why, indicative, is_unknown (Boolean: nothing was assessed), partial, allowance, non_compliant, left (the
    headroom of the tightest criterion), shown (one of SHOWN: the status where it is a verdict) and below (how the
    departments below stand, "" where none has a verdict). A status made of rolled-up bands is no verdict (measures.md
    section 2).
    """
    tightest = headroom.select("department_code", "criterion", "partial", "allowance", "non_compliant", left="headroom")
    is_unknown = (pl.col("not_assessed") == pl.col("elements")).all().alias("is_unknown")
    rows = (
        tree.join(status_by_department(headroom), on="department_code", nulls_equal=True, maintain_order="left")
        .join(tightest, on=["department_code", "criterion"], nulls_equal=True, maintain_order="left")
        .join(
            headroom.group_by("department_code").agg(is_unknown),
            on="department_code",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(
            shown=pl.when("indicative")
            .then(pl.lit("indication"))
            .when("is_unknown")
            .then(pl.lit("not_assessed"))
            .otherwise("status")
        )
    )
    return rows.with_columns(below=pl.Series(_below(rows.to_dicts()), dtype=pl.String))


def _below(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    depth, told = [row["depth"] for row in rows], []
    for place, level in enumerate(depth):
        end = next((later for later in range(place + 1, len(depth)) if depth[later] <= level), len(depth))
        told.append(tally(rows[place + 1 : end]))
    return told


def tally(rows: Iterable[Mapping[str, Any]]) -> str:
    """How departments stand: "6 of 9 pass, 2 at limit, 1 fails"; "" where none has a verdict.

    Rows have status, indicative and is_unknown (nothing was assessed); a status made of rolled-up bands is no verdict
    (measures.md section 2), and what was not assessed stands beside those that were.
    """
    told = [row for row in rows if not row["indicative"]]
    found = [row["status"] for row in told if not row["is_unknown"]]
    if not found:
        return ""
    number = {code: found.count(code) for code in STATUSES}
    said = [f"{number['passes']} of {len(found)} {'passes' if number['passes'] == 1 else 'pass'}"]
    said += [f"{number['at_limit']} at limit"] * bool(number["at_limit"])
    said += [f"{number['incomplete']} incomplete"] * bool(number["incomplete"])
    said += [f"{number['fails']} {'fails' if number['fails'] == 1 else 'fail'}"] * bool(number["fails"])
    return ", ".join([*said, *[f"{len(told) - len(found)} not assessed"] * (len(told) > len(found))])


def shown_in_fact(tree: pl.DataFrame, in_fact: pl.DataFrame | None) -> dict[str | None, str]:
    """What would be shown of each department by the headroom in fact, beside a scenario; {} where there is none."""
    if in_fact is None:
        return {}
    return dict(verdicts(tree, in_fact).select("department_code", "shown").iter_rows())


def worst_first(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of `verdicts` by what is shown, then by least headroom, then as they stand."""
    order = pl.col("shown").cast(pl.Enum(SHOWN))
    return rows.with_row_index("place").sort(order, "left", "place").drop("place")


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """The departments with a verdict; the corporate body is none of them."""
    return rows.filter(pl.col("department_code").is_not_null(), pl.col("shown").is_in(STATUSES))


def cell(row: Mapping[str, Any], is_told: bool = False) -> Cell:
    """The status of a row of `verdicts` as a cell; with `is_told`, how those below stand in place of "Indication"."""
    if row["shown"] == "not_assessed":
        return status("incomplete", WORDS["not_assessed"])
    return status(row["shown"], (row["below"] or None) if is_told and row["shown"] == "indication" else None)


def reason(row: Mapping[str, Any]) -> str:
    """The sentence beside the status: why, or for an indication how those below stand."""
    if row["shown"] == "not_assessed":
        return "Nothing has been assessed yet."
    if row["shown"] != "indication":
        return str(row["why"])
    return f"Below it {row['below']}." if row["below"] else "Rolled up from below: an indication, no verdict."


def stand(rows: pl.DataFrame) -> list[str]:
    """Sentences that say how the corporate body and the departments of `verdicts` stand; none without a verdict."""
    whole = rows.filter(pl.col("department_code").is_null(), pl.col("shown").is_in(STATUSES))
    said = [f"{name} as a whole {_STANDS[shown]}." for name, shown in whole.select("name", "shown").iter_rows()]
    departments = judged(rows)
    if departments.height == 1:
        said.append(f"{departments['name'][0]} {_STANDS[departments['shown'][0]]}.")
    elif departments.height:
        said.append(_stand(departments))
    return said


_STANDS = {"fails": "fails", "at_limit": "is at its limit", "incomplete": "is incomplete", "passes": "passes"}
_FEW = 3


def _stand(departments: pl.DataFrame) -> str:
    """How many fail (by name), are at the limit (by name where they are few), are incomplete, pass."""
    names = {code: departments.filter(pl.col("shown") == code)["name"].to_list() for code in STATUSES}
    failing, tight, incomplete, passing = names.values()
    all_of = f"{departments.height:,} assessed departments"
    if len(passing) == departments.height:
        return f"All {all_of} pass."
    said = [f"{len(failing) or 'None'} of {all_of} {'fail' if len(failing) > 1 else 'fails'}{_named(failing)}"]
    if tight:
        few = _named(tight) if len(tight) <= _FEW else ""
        said.append(f"{len(tight)} {'is at its limit' if len(tight) == 1 else 'are at their limit'}{few}")
    if incomplete:
        said.append(f"{len(incomplete)} {'is' if len(incomplete) == 1 else 'are'} incomplete")
    if passing:
        said.append(f"{len(passing)} {'passes' if len(passing) == 1 else 'pass'}")
    return f"{listing(said)}."


def _named(names: Sequence[str]) -> str:
    more = f"; {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f" ({'; '.join(names[:_FEW])}{more})" if names else ""


def nothing(day: date) -> str:
    """What a page says where nobody has a verdict."""
    return f"Nothing shown here has been assessed as a whole by {day_words(day)}."


def movements(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Better or worse than before: by status, then by non-compliant elements, then by partials.

    `now` and `before` are scheme.headroom.headroom of two days. Columns: department_code, change (Int8: 1 better, 0, -1
    worse), change_words ("was at limit", "2 partials more"); a row where a department had a verdict on both days.
    """
    both = _totals(now).join(_totals(before), on="department_code", nulls_equal=True, suffix="_before")
    told = [(row["department_code"], *_change(row)) for row in both.iter_rows(named=True)]
    return pl.DataFrame(
        told, {"department_code": pl.String, "change": pl.Int8, "change_words": pl.String}, orient="row"
    )


def _totals(headroom: pl.DataFrame) -> pl.DataFrame:
    found = headroom.group_by("department_code", maintain_order=True).agg(
        pl.col("status").cast(pl.Enum(STATUSES)).min().cast(pl.String),
        pl.col("non_compliant", "partial", "elements", "not_assessed").sum(),
        pl.col("indicative").any(),
    )
    return found.filter(pl.col("elements") > pl.col("not_assessed"), ~pl.col("indicative"))


def _change(row: Mapping[str, Any]) -> tuple[int, str]:
    """How a department has moved, and the largest step of it in words."""
    was, now = (STATUSES.index(row[key]) for key in ("status_before", "status"))
    if was != now:
        return (1 if now > was else -1), WAS[row["status_before"]]
    falls = {key: row[key] - row[f"{key}_before"] for key in ("non_compliant", "partial")}
    by = next((-fall for fall in falls.values() if fall), 0)
    told = [
        f"{count(abs(fall), one, several)} {'more' if fall > 0 else 'fewer'}"
        for (one, several), fall in zip(_COUNTED, falls.values(), strict=True)
        if fall
    ]
    return (by > 0) - (by < 0), ", ".join(told) or "as before"


WAS = {"fails": "was failing", "at_limit": "was at limit", "incomplete": "was incomplete", "passes": "was passing"}
_COUNTED = (("non-compliant", "non-compliant"), ("partial", "partials"))


def nothing_assessed(tenant_code: str, day: date, sites: int) -> Component:
    """What to do where departments or sites are known and nobody has a result."""
    known = [
        html.Span([f"{count(sites, 'site')} and their visits are on the page ", html.A("Sites", href="/sites"), "."])
    ]
    return components.empty_state(
        f"No result by {day_words(day)}",
        "Status and headroom come from results: a band for each element at an assessment.",
        [
            html.Span(["Load results: ", html.Code(f"assay load results.csv --tenant {tenant_code}")]),
            html.Span(
                ["See what has arrived, and what was set aside, on the page ", html.A("Data", href="/data"), "."]
            ),
            *(known if sites else []),
        ],
    )
