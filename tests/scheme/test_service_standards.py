"""Promises and what became of them: worked by hand, and against a slow twin on random rows."""

import os
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.periods import Period, period_of
from scheme.service_standards import (
    COVERED,
    KEPT,
    PROMISES,
    checklist,
    direction_of,
    outcome,
    promises,
    trend,
)
from scheme.standard import shipped

examples = settings(
    max_examples=int(os.environ.get("ASSAY_EXAMPLES", "150")), deadline=None, suppress_health_check=list(HealthCheck)
)
DAY = date(2026, 6, 20)
SCHEMA = {
    "department_code": pl.String, "promise": pl.String, "channel": pl.String, "unit": pl.String,
    "direction": pl.String, "target": pl.Float64, "period": pl.String, "achieved": pl.Float64,
    "benchmark": pl.Float64, "elements": pl.List(pl.String), "published_link": pl.String,
    "load_number": pl.Int64, "file_number": pl.Int64, "row_number": pl.Int64,
}  # fmt: skip


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"department_code": "A", "promise": "Answer letters", "direction": "higher", "load_number": 1}
    told = [{**dict.fromkeys(SCHEMA), **usual, "row_number": place, **row} for place, row in enumerate(rows, 2)]
    return pl.DataFrame(told, schema=SCHEMA)


def only(*rows: dict[str, Any], day: date = DAY) -> dict[str, Any]:
    (found,) = promises(table(*rows), day)[0].to_dicts()
    return found


# --- periods ----------------------------------------------------------------------------------------------------------

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


def all_periods() -> dict[str, Period | None]:
    """Every way to write every period of forty years, and what it means, by counting months."""
    told: dict[str, set[Period]] = {}

    def add(text: str, year: int, first: int, months: int) -> None:
        told.setdefault(text.casefold(), set()).add(Period(12 * year + first - 1 + months - 1, months))

    for year in range(1996, 2036):
        add(f"{year}", year, 1, 12)
        spans = [f"{year}{dash}{after}" for dash in "-/" for after in (f"{(year + 1) % 100:02}", str(year + 1))]
        for span in spans:
            add(span, year, 4, 12)
        for quarter in range(1, 5):
            for gap in (" ", "-", ""):
                add(f"{year}{gap}Q{quarter}", year, 3 * quarter - 2, 3)
                add(f"Q{quarter}{gap}{year}", year, 3 * quarter - 2, 3)
                for span in spans:
                    add(f"{span}{gap}Q{quarter}", year, 3 * quarter + 1, 3)
                    add(f"Q{quarter}{gap}{span}", year, 3 * quarter + 1, 3)
        for number, name in enumerate(MONTHS, 1):
            for text in (f"{name} {year}", f"{name[:3]} {year}", f"{year}-{number:02}", f"{number:02}/{year}",
                         f"{number}/{year}"):  # fmt: skip
                add(text, year, number, 1)
    return {text: next(iter(meant)) if len(meant) == 1 else None for text, meant in told.items()}


def test_every_way_to_write_a_period_means_its_months_and_an_ambiguous_one_nothing():
    for text, meant in all_periods().items():
        for written in (text, text.upper(), f"  {text} ", text.replace("-", "–")):
            assert period_of(written) == meant, written
    assert all_periods()["2011-12"] is None
    assert all_periods()["2005-06 q1"] == Period(12 * 2005 + 5, 3)


@examples
@given(st.text(st.sampled_from("0123456789 -/qQ.amrchp"), max_size=12))
def test_anything_else_means_nothing(text):
    known = all_periods()
    plain = " ".join(text.casefold().split())
    if period_of(text) is not None:
        assert known[plain] == period_of(text)


def test_periods_follow_one_another_by_their_last_month():
    texts = ["2024-25", "Q1 2025-26", "2025-06", "2025-Q3", "March 2026", "2025-26", "Q1 2026"]
    told = [period_of(text) for text in texts]
    assert [text for _, text in sorted(zip(told, texts, strict=True))] == [
        *("2024-25", "2025-06", "Q1 2025-26", "2025-Q3", "March 2026", "Q1 2026", "2025-26")
    ]
    assert period_of("2025-26").begins_on == date(2025, 4, 1)
    assert period_of("2025-26").is_over_after == date(2026, 4, 1)
    assert period_of("2025 Q4").is_over_after == date(2026, 1, 1)


# --- promises ---------------------------------------------------------------------------------------------------------


def test_a_promise_is_met_in_the_direction_that_its_sender_names():
    assert [outcome(value, 10, "higher") for value in (11, 10, 9)] == ["met", "met", "missed"]
    assert [outcome(value, 10, "lower") for value in (11, 10, 9)] == ["missed", "met", "met"]
    assert [outcome(value, 10, None) for value in (11, 10)] == ["no_direction", "met"]
    assert outcome(9, None, "higher") == "no_target"
    assert [direction_of(word) for word in ("Higher", " lower ", "at least", "sideways", "", None)] == [
        *("higher", "lower", "higher", None, None, None)
    ]


def test_a_trend_needs_three_periods_and_says_what_they_did():
    assert trend([1, 2], "higher") is None
    assert [trend(values, "higher") for values in ([9, 1, 2, 3], [3, 2, 1], [2, 2, 2], [1, 2, 2])] == [
        *("better", "worse", "same", "mixed")
    ]
    assert [trend(values, "lower") for values in ([1, 2, 3], [3, 2, 1])] == ["worse", "better"]
    assert [trend(values, None) for values in ([1, 2, 3], [3, 2, 1])] == ["higher", "lower"]


def test_periods_stand_in_the_order_of_time_and_unknown_ones_as_they_were_loaded():
    rows = [{"period": text, "achieved": value} for text, value in (("2025-Q3", 3), ("2025-Q1", 1), ("2025-Q2", 2))]
    known = only(*rows)
    assert (known["period"], known["trend"], known["is_ordered"], known["periods"]) == ("2025-Q3", "better", True, 3)
    unknown = only(*rows, {"period": "last winter", "achieved": 9, "load_number": 0})
    assert (unknown["period"], unknown["trend"], unknown["is_ordered"]) == ("2025-Q2", None, False)
    series = promises(table(*rows, {"period": "last winter", "achieved": 9, "load_number": 0}), DAY)[1]
    assert series["period"].to_list() == ["last winter", "2025-Q3", "2025-Q1", "2025-Q2"]


def test_a_trend_compares_periods_of_one_length_alone():
    years = [{"period": "2023-24", "achieved": 1}, {"period": "2024-25", "achieved": 2}]
    assert only(*years, {"period": "Q1 2025-26", "achieved": 3})["trend"] is None
    assert only(*years, {"period": "2025-26", "achieved": 3})["trend"] == "better"


def test_what_has_not_begun_is_not_there_yet():
    rows = [{"period": "2026-Q2", "achieved": 1}, {"period": "2026-Q3", "achieved": 2}]
    assert only(*rows)["period"] == "2026-Q2"
    assert only(*rows, day=date(2026, 7, 1))["period"] == "2026-Q3"
    assert promises(table(*rows), date(2026, 3, 31))[0].is_empty()


def test_nothing_loaded_is_nothing_promised():
    told, series = promises(table(), DAY)
    assert told.schema == pl.Schema(PROMISES)
    assert told.is_empty()
    assert series.is_empty()
    assert {point.state for point in checklist(told, {})} == {"unknown"}


PERIODS = ("2024", "2024-25", "2025-26", "2025-Q1", "2025-Q2", "Q3 2025", "2025-Q4", "March 2025", "winter")
VALUES = st.one_of(st.none(), st.sampled_from([1.0, 2.0, 3.0]))
ROW = st.fixed_dictionaries(
    {
        "department_code": st.sampled_from("AB"),
        "promise": st.sampled_from(["letters", "calls"]),
        "channel": st.sampled_from([None, "phone"]),
        "direction": st.sampled_from([None, "higher", "lower", "odd"]),
        "period": st.sampled_from(PERIODS),
        "achieved": VALUES.filter(lambda value: value is not None),
        "target": VALUES,
        "benchmark": VALUES,
        "elements": st.sampled_from([None, ["5.1.1"], ["4.3.2", "5.1.1"]]),
        "published_link": st.sampled_from([None, "https://a.example/1", "https://a.example/2"]),
        "load_number": st.integers(1, 3),
        "file_number": st.just(1),
    }
)


def slow(rows: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """The same, a promise at a time, in the plainest way."""
    told = []
    for key in sorted({(r["department_code"], r["promise"], r["channel"] or "") for r in rows}):
        own = [r for r in rows if (r["department_code"], r["promise"], r["channel"] or "") == key]
        own = sorted(own, key=lambda r: (r["load_number"], r["row_number"]))
        meant = {r["period"]: period_of(r["period"]) for r in own}
        own = [r for r in own if meant[r["period"]] is None or meant[r["period"]].begins_on <= day]
        if not own:
            continue
        ordered = all(meant[r["period"]] for r in own)
        if ordered:
            for _ in own:  # a bubble sort: neighbours change places while the later one ends first
                for place, (a, b) in enumerate(pairwise(list(own))):
                    first, second = meant[a["period"]], meant[b["period"]]
                    if (first.last, first.months) > (second.last, second.months):
                        own[place], own[place + 1] = own[place + 1], own[place]
        direction = None
        for r in own:
            if r["direction"]:
                direction = {"higher": "higher", "lower": "lower"}.get(r["direction"])
        last = own[-1]
        alike = [r for r in own if ordered and meant[r["period"]].months == meant[last["period"]].months][-3:]
        moved = None
        if len(alike) == 3:
            a, b, c = (r["achieved"] for r in alike)
            up, down = {None: ("higher", "lower"), "higher": ("better", "worse"), "lower": ("worse", "better")}[
                direction
            ]
            moved = "same" if a == b == c else up if a < b < c else down if a > b > c else "mixed"
        told.append(
            {
                "key": key,
                "period": last["period"],
                "outcome": (
                    "no_target" if last["target"] is None
                    else "met" if last["achieved"] == last["target"]
                    else "no_direction" if direction is None
                    else "met" if (last["achieved"] - last["target"]) * (1 if direction == "higher" else -1) > 0
                    else "missed"
                ),
                "trend": moved,
                "periods": [r["period"] for r in own],
                "link": ([None] + [r["published_link"] for r in own if r["published_link"]])[-1],
            }
        )  # fmt: skip
    return told


@examples
@given(
    st.lists(ROW, max_size=14, unique_by=lambda r: (r["department_code"], r["promise"], r["channel"], r["period"])),
    st.sampled_from([date(2025, 5, 1), date(2025, 8, 1), DAY]),
)
def test_promises_are_what_the_slow_twin_finds(rows, day):
    rows = [{**row, "row_number": place} for place, row in enumerate(rows, 2)]
    told, series = promises(table(*rows), day)
    found = [
        {
            "key": (row["department_code"], row["promise"], row["channel"] or ""),
            "period": row["period"],
            "outcome": row["outcome"],
            "trend": row["trend"],
            "periods": series.filter(
                department_code=row["department_code"], promise=row["promise"]
            ).filter(pl.col("channel").eq_missing(pl.lit(row["channel"], pl.String)))["period"].to_list(),
            "link": row["published_link"],
        }
        for row in told.to_dicts()
    ]  # fmt: skip
    assert found == slow(rows, day)


# --- the checklist ----------------------------------------------------------------------------------------------------


def test_the_checklist_tells_what_rows_can_tell_and_nothing_else():
    full = {"period": "2026-Q1", "achieved": 9, "target": 8, "channel": "phone", "benchmark": 7, "elements": ["5.1.1"],
            "published_link": "https://a.example"}  # fmt: skip
    told, _ = promises(table(full, {"promise": "Calls", "period": "2020", "achieved": 1}), DAY)
    subjects = {code: shipped("cse").about(code) for code in COVERED}
    points = {point.code: (point.have, point.of, point.state) for point in checklist(told, subjects)}
    assert points["target"] == points["published"] == points["recent"] == points["benchmark"] == (1, 2, "some")
    assert points["direction"] == (2, 2, "all")
    assert points["quality"] == (1, 1, "all")
    assert points["complaints"] == (0, 1, "none")
    assert points["redress"] == points["contact"] == (None, None, "unknown")
    assert {point.code: point.state for point in checklist(told, {})}["quality"] == "unknown"


def test_every_subject_of_the_shipped_standard_names_elements_that_are_there():
    standard = shipped("cse")
    assert {each.code for each in standard.subjects} >= {*COVERED, "standards", "consulted", "measured", "adapted"}
    for each in standard.subjects:
        assert each.elements
        assert set(each.elements) <= set(standard.codes)
    assert standard.about("nothing of the kind") == ()
    assert KEPT >= 4
