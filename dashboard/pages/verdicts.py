"""How each department stands, in the words and counts that every page shares."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.language import counted_said, is_english, mark
from dashboard.language import day_said as day_words
from dashboard.language import said as _
from dashboard.table import Cell, status
from dashboard.words import STATUS
from dashboard.words import count_said as count
from dashboard.words import listing_said as listing
from scheme.headroom import STATUSES, status_by_department

SHOWN = (*STATUSES, "indication", "not_assessed")
WORDS = {**STATUS, "not_assessed": mark("Not assessed")}
_BY = {"formal": "", "self": mark("By own assessments: "), "desk": mark("By desk reviews: ")}


def by(basis: str) -> str:
    """Whose results a sentence is about, before it; "" for the assessors'."""
    return _(_BY[basis]) if _BY[basis] else ""


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
    said = [counted_said("{count} of {all} passes", "{count} of {all} pass", number["passes"], all=len(found))]
    said += [_("{count} at limit", count=number["at_limit"])] * bool(number["at_limit"])
    said += [_("{count} incomplete", count=number["incomplete"])] * bool(number["incomplete"])
    said += [counted_said("{count} fails", "{count} fail", number["fails"])] * bool(number["fails"])
    unknown = len(told) - len(found)
    return ", ".join([*said, *[_("{count} not assessed", count=unknown)] * bool(unknown)])


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
        return status("incomplete", _(WORDS["not_assessed"]))
    return status(row["shown"], (row["below"] or None) if is_told and row["shown"] == "indication" else None)


def reason(row: Mapping[str, Any]) -> str:
    """The sentence beside the status: why, or for an indication how those below stand."""
    if row["shown"] == "not_assessed":
        return _("Nothing has been assessed yet.")
    if row["shown"] != "indication":
        return str(row["why"]) if is_english() else _why(row)
    if row["below"]:
        return _("Below it {how}.", how=row["below"])
    return _("Rolled up from below: an indication, no verdict.")


_WHY = {
    "fails": mark("Criterion {criterion} fails: {counts}."),
    "at_limit": mark("Criterion {criterion} is at its limit: {counts}."),
    "incomplete": mark("Criterion {criterion} is incomplete."),
    "passes": mark("Criterion {criterion} passes: {counts}."),
}


def _why(row: Mapping[str, Any]) -> str:
    """What scheme.headroom says in English, from the same counts; the elements it names are behind the cell."""
    told = [_("{partials}, {allowance} allowed", partials=count(row["partial"], "partial"), allowance=row["allowance"])]
    told += [_("{count} non-compliant", count=row["non_compliant"])] * bool(row["non_compliant"])
    return _(_WHY[row["shown"]], criterion=row["criterion"], counts=", ".join(told))


def stand(rows: pl.DataFrame) -> list[str]:
    """Sentences that say how the corporate body and the departments of `verdicts` stand; none without a verdict."""
    whole = rows.filter(pl.col("department_code").is_null(), pl.col("shown").is_in(STATUSES))
    said = [_(_WHOLE[shown], name=name) for name, shown in whole.select("name", "shown").iter_rows()]
    departments = judged(rows)
    if departments.height == 1:
        said.append(_(_STANDS[departments["shown"][0]], name=departments["name"][0]))
    elif departments.height:
        said.append(_stand(departments))
    return said


_WHOLE = {
    "fails": mark("{name} as a whole fails."),
    "at_limit": mark("{name} as a whole is at its limit."),
    "incomplete": mark("{name} as a whole is incomplete."),
    "passes": mark("{name} as a whole passes."),
}
_STANDS = {
    "fails": mark("{name} fails."),
    "at_limit": mark("{name} is at its limit."),
    "incomplete": mark("{name} is incomplete."),
    "passes": mark("{name} passes."),
}
_FEW = 3


def _stand(departments: pl.DataFrame) -> str:
    """How many fail (by name), are at the limit (by name where they are few), are incomplete, pass."""
    names = {code: departments.filter(pl.col("shown") == code)["name"].to_list() for code in STATUSES}
    failing, tight, incomplete, passing = names.values()
    every = f"{departments.height:,}"
    if len(passing) == departments.height:
        return _("All {all} assessed departments pass.", all=every)
    said = [_("None of {all} assessed departments fails", all=every)]
    if failing:
        told = counted_said(
            "{count} of {all} assessed departments fails",
            "{count} of {all} assessed departments fail",
            len(failing),
            all=every,
        )
        said = [told + _named(failing)]
    if tight:
        few = _named(tight) if len(tight) <= _FEW else ""
        said.append(counted_said("{count} is at its limit", "{count} are at their limit", len(tight)) + few)
    if incomplete:
        said.append(counted_said("{count} is incomplete", "{count} are incomplete", len(incomplete)))
    if passing:
        said.append(counted_said("{count} passes", "{count} pass", len(passing)))
    return f"{listing(said)}."


def _named(names: Sequence[str]) -> str:
    more = "; " + counted_said("{count} more", "{count} more", len(names) - _FEW) if len(names) > _FEW else ""
    return f" ({'; '.join(names[:_FEW])}{more})" if names else ""


def nothing(day: date) -> str:
    """What a page says where nobody has a verdict."""
    return _("Nothing shown here has been assessed as a whole by {day}.", day=day_words(day))


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
        return (1 if now > was else -1), _(WAS[row["status_before"]])
    falls = {key: row[key] - row[f"{key}_before"] for key in ("non_compliant", "partial")}
    by = next((-fall for fall in falls.values() if fall), 0)
    told = [
        _("{number} more", number=number) if fall > 0 else _("{number} fewer", number=number)
        for key, fall in falls.items()
        if fall and (number := _counted(key, abs(fall)))
    ]
    return (by > 0) - (by < 0), ", ".join(told) or _("as before")


WAS = {
    "fails": mark("was failing"),
    "at_limit": mark("was at limit"),
    "incomplete": mark("was incomplete"),
    "passes": mark("was passing"),
}


def _counted(key: str, number: int) -> str:
    return count(number, "partial") if key == "partial" else _("{count} non-compliant", count=number)


def nothing_assessed(tenant_code: str, day: date, sites: int) -> Component:
    """What to do where departments or sites are known and nobody has a result."""
    known = [
        html.Span(
            [
                _("{sites} and their visits are on the page", sites=count(sites, "site")),
                " ",
                html.A(_("Sites"), href="/sites"),
                ".",
            ]
        )
    ]
    return components.empty_state(
        _("No result by {day}", day=day_words(day)),
        "Status and headroom come from results: a band for each element at an assessment.",
        [
            html.Span([_("Load results:"), " ", html.Code(f"assay load results.csv --tenant {tenant_code}")]),
            html.Span(
                [
                    _("See what has arrived, and what was set aside, on the page"),
                    " ",
                    html.A(_("Data"), href="/data"),
                    ".",
                ]
            ),
            *(known if sites else []),
        ],
    )
