"""The way to safety: no smaller set of elements makes every criterion safe, and ties go as they are said to."""

import os
from dataclasses import replace
from datetime import date
from itertools import combinations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheme.exemplars import exemplars
from scheme.frames import Programme
from scheme.headroom import headroom
from scheme.safety import FIXES, LIMITS, cheapest, limits
from scheme.standing import standing
from tests import oracle
from tests.by_hand import assessment, department, on, programme, result, site
from tests.programmes import cases
from tests.scheme.test_exemplars import since, steps, way_up
from tests.scheme.test_other_standards import CARE_STANDARD

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
examples = settings(max_examples=int(os.environ.get("ASSAY_EXAMPLES", "40")), deadline=None, suppress_health_check=SLOW)
DAY = on("2026-01-01")
ACTIONS = {"department_code": pl.String, "element": pl.String, "due_on": pl.Date}


def is_safe(bands: dict[str, str], elements: tuple[str, ...], allowance: int, left: int) -> bool:
    """Nothing non-compliant, and `left` more partials could come, or as many as were ever allowed."""
    found = [bands[code] for code in elements if code in bands]
    return "non_compliant" not in found and found.count("partial") + min(left, allowance) <= allowance


def fewest(bands: dict[str, str], elements: tuple[str, ...], allowance: int, left: int) -> list[set[str]]:
    """Every set of fewest elements of a criterion that makes it safe once they are compliant, by trying all sets."""
    known = [code for code in elements if code in bands]
    for size in range(len(known) + 1):
        found = [
            set(mended)
            for mended in combinations(known, size)
            if is_safe(bands | dict.fromkeys(mended, "compliant"), elements, allowance, left)
        ]
        if found:
            return found
    raise AssertionError("all compliant is always safe")


@examples
@given(data=st.data(), basis=st.sampled_from(["formal", "formal", "self", "desk"]), left=st.integers(0, 4))
def test_no_set_of_fewer_elements_makes_every_criterion_safe(data, basis, left):
    made, day = data.draw(cases(basis))
    rows = cheapest(made, day, left, basis)
    assert rows.schema == pl.Schema(FIXES)
    for _, own in rows.group_by("department_code", maintain_order=True):
        assert own["place"].to_list() == list(range(1, own.height + 1))
        badness = (own["band"] == "partial").to_list()
        assert badness == sorted(badness)
        whose = own["department_code"][0]
        assert cheapest(made, day, left, basis, departments=(whose,)).equals(own)
    bands: dict[str | None, dict[str, str]] = {}
    for code, element, band in standing(made, day, basis).select("department_code", "element", "band").iter_rows():
        bands.setdefault(code, {})[element] = band
    chosen: dict[tuple[str | None, str], set[str]] = {}
    for row in rows.iter_rows(named=True):
        chosen.setdefault((row["department_code"], row["criterion"]), set()).add(row["element"])
        assert bands[row["department_code"]][row["element"]] == row["band"]
    elements = {criterion.code: criterion.elements for criterion in made.standard.criteria}
    # the criteria of the shipped standard have too many elements to try all sets of; those of the programme have few
    for row in headroom(made, day, basis).iter_rows(named=True):
        code, criterion = row["department_code"], row["criterion"]
        all_of_them = fewest(bands.get(code, {}), elements[criterion], row["allowance"], left)
        assert chosen.get((code, criterion), set()) in all_of_them


@examples
@given(case=cases(), left=st.integers(0, 3))
def test_once_mended_no_criterion_fails_and_each_has_the_room_that_was_asked_for(case, left):
    made, day = case
    rows = cheapest(made, day, left).filter(~pl.col("rolled_up"))
    mended = rows.select(
        "department_code",
        "element",
        site_code=pl.lit(None, pl.String),
        assessment_type=pl.lit("reassessment"),
        assessed_on=pl.lit(day),
        band=pl.lit("compliant"),
        restated=pl.lit(value=False),
    ).select(made.results.columns)
    key = ["department_code", "site_code", "element", "assessed_on", "assessment_type"]
    kept = made.results.join(mended, on=key, how="anti", nulls_equal=True)
    # no scope of a held assessment may say that these restate something
    open_ones = made.assessments.filter(~((pl.col("ended_on") == day) & (pl.col("assessment_type") == "reassessment")))
    better = replace(made, results=pl.concat([kept, mended]), assessments=open_ones)
    same_day = made.results.filter(assessed_on=day, assessment_type="reassessment").height
    if same_day:  # dropping their assessments could bring restated results of that day to life
        return
    for row in headroom(better, day).filter(~pl.col("indicative")).iter_rows(named=True):
        assert row["non_compliant"] == 0
        assert row["headroom"] >= min(left, row["allowance"])


@examples
@given(case=cases(), left=st.integers(0, 5))
def test_what_cannot_be_reached_is_said_and_more_room_never_asks_for_less(case, left):
    made, day = case
    fewer, more = (set(cheapest(*case, room)["department_code", "element"].rows()) for room in (left, left + 1))
    assert fewer <= more
    told = limits(made, day, left)
    assert told.schema == pl.Schema(LIMITS)
    cells = {row[:2]: row for row in told.select("department_code", "criterion", "why").iter_rows()}
    for row in headroom(made, day).iter_rows(named=True):
        cell = row["department_code"], row["criterion"]
        said = cells.get(cell, ("", "", ""))[2]
        assert (f"not {left}" in said) == (row["allowance"] < left)
        assert ("never assessed" in said) == (row["not_assessed"] > 0)
        assert ("indication" in said) == row["indicative"]


def looks_at(made: Programme, day: date, code: str | None, element: str) -> bool:
    """Whether a planned formal assessment on or after the day, of it or one above or below, names the element."""
    family = {*way_up(made, code), None, *oracle.with_all_below(made, code)}
    return any(
        row["planned"]
        and row["ended_on"] >= day
        and row["assessment_type"] in oracle.FORMAL
        and row["department_code"] in family
        and element in (row["scope"] or [])
        for row in made.assessments.to_dicts()
    )


@examples
@given(data=st.data(), left=st.integers(0, 2))
def test_of_equally_small_sets_the_one_that_is_easiest_to_do_next_is_chosen(data, left):
    made, day = data.draw(cases())
    bands = standing(made, day)
    places = bands.select("department_code", "element").rows()
    open_ones = data.draw(st.sets(st.sampled_from(places), max_size=8)) if places else set()
    actions = pl.DataFrame([(*place, None) for place in sorted(open_ones, key=str)], ACTIONS, orient="row")
    best = exemplars(made, day)

    def key(row):
        code, element = row["department_code"], row["element"]
        apart = [steps(made, code, other) for other in best.filter(element=element)["department_code"]]
        held = since(made, day, code, element) if not row["rolled_up"] else None
        return (
            (code, element) not in open_ones,
            0 if min(apart, default=9) <= 2 else 1 if apart else 2,
            not looks_at(made, day, code, element),
            held or date.max,
            oracle.number_order(element),
        )

    expected = set()
    for row in headroom(made, day, standing=bands).iter_rows(named=True):
        code, elements = row["department_code"], made.standard.codes
        of_it = [element for element in elements if made.standard.element[element].criterion == row["criterion"]]
        mine = pl.col("department_code").eq_missing(pl.lit(code)) & pl.col("element").is_in(of_it)
        found = bands.filter(mine).to_dicts()
        worst = [one["element"] for one in found if one["band"] == "non_compliant"]
        partials = sorted((one for one in found if one["band"] == "partial"), key=key)
        over = max(0, len(partials) - max(0, row["allowance"] - left))
        expected |= {(code, element) for element in [*worst, *(one["element"] for one in partials[:over])]}
    assert set(cheapest(made, day, left, actions=actions).select("department_code", "element").rows()) == expected


# --- which of several equally small sets ------------------------------------------------------------------------------

FIRST = ("1.1.1", "1.1.2", "1.1.3", "1.2.1")


def partial_in(*codes: str, of: str = "A", since: str = "2025-01-01"):
    return [result(code, "partial", since, of=of) for code in codes]


def chosen(made, left=0, actions=None, of="A") -> list[str]:
    return cheapest(made, DAY, left, actions=actions).filter(department_code=of)["element"].to_list()


def an_action(element: str, of: str | None = "A", due: str | None = "2026-03-01") -> pl.DataFrame:
    return pl.DataFrame({"department_code": [of], "element": [element], "due_on": [on(due)]}, ACTIONS)


def test_all_else_equal_the_lower_code_is_mended():
    made = programme(department("A"), *partial_in(*FIRST[:3]))
    assert chosen(made) == ["1.1.1"]
    assert chosen(made, left=1) == ["1.1.1", "1.1.2"]


def test_the_longest_in_its_band_comes_before_the_lower_code():
    made = programme(department("A"), *partial_in(*FIRST[:2]), *partial_in(FIRST[2], since="2024-01-01"))
    assert chosen(made) == ["1.1.3"]


def test_an_element_that_was_better_in_between_is_as_old_as_its_last_fall():
    made = programme(
        department("A"),
        *partial_in(*FIRST[:3], since="2025-01-01"),
        result("1.1.2", "partial", "2023-01-01", of="A"),
        result("1.1.2", "compliant", "2024-01-01", of="A"),
        result("1.1.3", "partial", "2024-12-31", of="A"),
    )
    assert chosen(made) == ["1.1.3"]


def test_the_next_review_comes_before_age():
    made = programme(
        department("A"),
        *partial_in(*FIRST[:2]),
        *partial_in(FIRST[2], since="2024-01-01"),
        assessment("annual_review", "2026-05-05", "1.1.2", of="A", planned=True),
    )
    assert chosen(made) == ["1.1.2"]
    row = cheapest(made, DAY, 0).filter(department_code="A").row(0, named=True)
    assert (row["in_next_review"], row["review_on"]) == (True, on("2026-05-05"))
    assert row["why"] == (
        "1.1.2: partial since 1 January 2025; no action is open; the annual review of 5 May 2026 looks at it."
    )


@pytest.mark.parametrize(
    ("of", "day", "kind", "counts"),
    [
        ("A", "2026-05-05", "annual_review", True),
        ("A", "2025-12-31", "annual_review", False),
        ("A", "2026-05-05", "desk_review", False),
        (None, "2026-05-05", "renewal", True),
        ("P", "2026-05-05", "annual_review", True),
        ("A1", "2026-05-05", "annual_review", True),
        ("B", "2026-05-05", "annual_review", False),
    ],
)
def test_a_review_counts_that_is_formal_and_ahead_of_the_department_or_of_one_above_or_below_it(of, day, kind, counts):
    made = programme(
        department("P"),
        department("A", "P"),
        department("A1", "A"),
        department("B", "P"),
        *partial_in(*FIRST[:3]),
        assessment(kind, day, "1.1.3", of=of, planned=True),
    )
    assert chosen(made) == (["1.1.3"] if counts else ["1.1.1"])


def test_exemplars_nearby_come_before_the_next_review_and_before_those_far_away():
    tree = [department("P"), department("A", "P"), department("B", "P"), department("Q"), department("C", "Q")]
    review = assessment("annual_review", "2026-05-05", "1.1.1", of="A", planned=True)
    far, near = result("1.1.2", "compliance_plus", "2025-01-01", of="C"), partial_in(*FIRST[:3])
    made = programme(*tree, *near, review, far)
    assert chosen(made) == ["1.1.2"]
    made = programme(*tree, *near, review, far, result("1.1.3", "compliance_plus", "2025-01-01", of="B"))
    assert chosen(made) == ["1.1.3"]


def test_an_open_action_comes_before_everything_else():
    made = programme(
        department("A"),
        department("B"),
        *partial_in(*FIRST[:3]),
        result("1.1.1", "compliance_plus", "2025-01-01", of="B"),
    )
    assert chosen(made) == ["1.1.1"]
    assert chosen(made, actions=an_action("1.1.3")) == ["1.1.3"]
    assert chosen(made, actions=an_action("1.1.3", of=None)) == ["1.1.1"]


def test_the_reason_says_what_is_open_by_when_who_does_it_well_and_who_looks_at_it():
    made = programme(
        department("A"),
        department("B"),
        department("C"),
        *partial_in("1.1.1", since="2024-03-07"),
        *(result("1.1.1", "compliance_plus", "2025-01-01", of=code) for code in ("B", "C")),
        assessment("renewal", "2026-05-05", "1.1.1", of="A", planned=True),
    )
    told = [
        cheapest(made, DAY, 2, actions=an_action("1.1.1", due=due)).filter(department_code="A")["why"].item()
        for due in ("2026-06-01", "2025-06-01", None)
    ]
    rest = "; B and 1 more hold compliance plus; the renewal of 5 May 2026 looks at it."
    assert told == [
        f"1.1.1: partial since 7 March 2024; an action is open, due 1 June 2026{rest}",
        f"1.1.1: partial since 7 March 2024; an action is open, overdue since 1 June 2025{rest}",
        f"1.1.1: partial since 7 March 2024; an action is open, with no day set{rest}",
    ]


def test_rolled_up_bands_are_mended_below_and_named():
    made = programme(
        department("A"),
        department("A1", "A"),
        site("S", "A"),
        *(result(code, "non_compliant", "2025-01-01", of="A1") for code in ("1.1.1",)),
        result("1.1.1", "partial", "2025-01-01", site="S"),
    )
    row = cheapest(made, DAY, 2).filter(department_code="A").row(0, named=True)
    assert row["rolled_up"]
    assert row["since_on"] is None
    assert row["why"].startswith(
        "1.1.1: partial, rolled up from below, an indication; to be mended below, in A1 (non-compliant), S (partial);"
    )


def test_room_beyond_the_allowance_is_said_to_be_out_of_reach_and_all_partials_are_mended():
    made = programme(
        department("A"),
        result("B1", "partial", "2025-01-01", of="A"),
        result("A1", "compliant", "2025-01-01", of="A"),
        standard=CARE_STANDARD,
    )
    assert chosen(made, left=7) == ["B1"]
    told = limits(made, DAY, 7).filter(department_code="A")
    assert told["criterion", "reachable", "not_assessed", "why"].rows() == [
        ("A", 0, 0, "Criterion A: no partial is allowed, so none is left, not 7."),
        (
            "B",
            1,
            2,
            "Criterion B: 1 can ever be left, not 7; 2 elements were never assessed and must be before it passes.",
        ),
    ]


def test_where_all_is_well_or_nothing_is_known_nothing_is_to_do():
    assert cheapest(programme(department("A")), DAY).is_empty()
    assert cheapest(programme(department("A"), *partial_in("1.1.1")), DAY).is_empty()
    assert limits(programme(), DAY)["not_assessed"].to_list() == [11, 11, 12, 13, 10]
    assert cheapest(programme(department("A"), *partial_in("1.1.1", since="2027-01-01")), DAY, 2).is_empty()
    with pytest.raises(ValueError, match="less than none"):
        cheapest(programme(), DAY, -1)
