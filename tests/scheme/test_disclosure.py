"""What may be told of departments that a reader may not open, and what somebody could work out of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations_with_replacement

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheme.disclosure import FEWEST, SMALLEST, Distribution, distribution, rounded, told_on
from scheme.headroom import HEADROOM, STATUSES, headroom
from tests.by_hand import department, programme
from tests.dashboard.made import assessed

NOTHING = None
World = tuple[int, ...]  # how many departments have each of STATUSES


def as_headroom(statuses: Iterable[tuple[str | None, str]]) -> pl.DataFrame:
    """Headroom of departments with one criterion, by what each of them is."""
    rows = [
        {
            "department_code": code,
            "criterion": "1",
            "elements": 9,
            "not_assessed": 0,
            "headroom": 0,
            "status": status,
            "why": "",
            "indicative": False,
        }
        for code, status in statuses
    ]
    return pl.DataFrame([{name: row.get(name) for name in HEADROOM} for row in rows], schema=HEADROOM)


def told(own: Sequence[str], others: Sequence[str]) -> Distribution | None:
    """What a reader is told whose own departments and whose others have these statuses."""
    places = [(f"OWN{number}", status) for number, status in enumerate(own)]
    places += [(f"OTHER{number}", status) for number, status in enumerate(others)]
    return distribution(as_headroom(places), {code for code, _ in places if code.startswith("OWN")})


def obvious(own: Sequence[str], others: Sequence[str]) -> object:
    """The rule once more, from its sentences: pairs of words and rounded numbers."""
    if len(others) < 5:
        return NOTHING
    fine = [["fails"], ["at_limit"], ["incomplete"], ["passes"]]
    for groups in (fine, [["fails"], ["at_limit"], fine[2] + fine[3]], [fine[0] + fine[1], fine[2] + fine[3]]):
        if min(len([one for one in others if one in group]) for group in groups) > 2:
            every = [*own, *others]
            return [(tuple(group), fives(len([one for one in every if one in group]))) for group in groups]
    return NOTHING


def fives(number: int) -> int:
    return min((abs(number - candidate), candidate) for candidate in range(0, number + 5, 5))[1]


def worlds(number: int) -> list[World]:
    """Every way in which so many departments can stand."""
    return [tuple(Counter(each)[s] for s in STATUSES) for each in combinations_with_replacement(STATUSES, number)]


def as_list(world: World) -> list[str]:
    return [status for status, number in zip(STATUSES, world, strict=True) for _ in range(number)]


statuses = st.lists(st.sampled_from(STATUSES), max_size=40)


@given(own=statuses, others=statuses)
def test_what_is_told_agrees_with_the_rule_read_aloud(own, others):
    answer, expected = told(own, others), obvious(own, others)
    assert (answer and list(answer.groups)) == expected
    assert answer is None or answer.departments == fives(len(own) + len(others))


@pytest.mark.parametrize("own", [(), ("fails",), ("fails", "at_limit", "passes"), ("passes",) * 4])
@pytest.mark.parametrize("number", [5, 6, 8, 9, 12])
def test_to_someone_who_knows_two_others_every_further_one_may_have_every_status(own, number):
    """Every world there could be: those with the same answer are those that the reader cannot tell apart."""
    alike = defaultdict(list)
    for world in worlds(number):
        alike[told(own, as_list(world))].append(world)
    alike.pop(NOTHING, None)
    for answer, possible in alike.items():
        for knows in (each for some in range(SMALLEST) for each in worlds(some)):
            left = [rest for world in possible if min(rest := minus(world, knows)) >= 0]
            for place, status in enumerate(STATUSES):
                if left:
                    assert any(rest[place] for rest in left), f"{answer}: nobody else is {status}, knowing {knows}"
                    assert any(rest[place] < sum(rest) for rest in left), f"{answer}: all are {status}"


def minus(world: World, knows: World) -> World:
    return tuple(there - known for there, known in zip(world, knows, strict=True))


@given(own=statuses, others=statuses, place=st.integers(0, 39), status=st.sampled_from(STATUSES))
def test_one_department_changes_what_is_told_only_where_a_count_stands_at_an_edge(own, others, place, status):
    """Also to somebody who knows every department but this one."""
    if place >= len(others):
        return
    changed = [*others[:place], status, *others[place + 1 :]]
    before, after = told(own, others), told(own, changed)
    if before != after:
        at_an_edge = (2, 3)  # of five: what lies between rounds to one number, the smallest that is told among it
        counts = [Counter(others), Counter([*own, *others])]
        sums = [
            sum(count[one] for one in group)
            for count in counts
            for group in (*[[one] for one in STATUSES], STATUSES[:2], STATUSES[2:])
        ]
        assert any(number % 5 in at_an_edge for number in sums)


def test_who_knows_all_departments_but_one_may_learn_the_last():
    """Not promised, and said so: here a count stands at the edge of rounding."""
    others = ["fails"] * 7 + ["passes"] * 12
    assert told([], [*others, "fails"]) != told([], [*others, "passes"])


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(["", "PARENT", "CHILD"])), max_size=40))
def test_a_champion_of_a_part_and_one_of_the_whole_branch_find_out_nothing_by_subtracting(departments):
    """Where both are told something, the coarser answer is the finer one added up, but for rounding."""
    rows = [(f"{branch}{number}", status) for number, (status, branch) in enumerate(departments)]
    frame = as_headroom(rows)
    parts = [{code for code, _ in rows if code.startswith(names)} for names in ("CHILD", ("CHILD", "PARENT"))]
    answers = [distribution(frame, own) for own in parts]
    if None in answers:
        return
    finer, coarser = sorted(answers, key=lambda answer: -len(answer.groups))
    counted = Counter(status for _, status in rows)
    for answer in answers:  # neither answer knows whose it is
        assert all(number == rounded(sum(counted[one] for one in group)) for group, number in answer.groups)
    fine = {group for group, _ in finer.groups}
    assert all(any(set(part) <= set(group) for group, _ in coarser.groups) for part in fine)


def test_nothing_is_told_of_fewer_than_five_others():
    assert told(["passes"] * 9, ["fails"] * 2 + ["passes"] * (FEWEST - 3)) is None
    assert told([], []) is None


def test_nothing_is_told_where_all_others_are_alike_or_all_but_two():
    assert told(["fails"] * 3, ["passes"] * 20) is None
    assert told([], ["passes"] * 20 + ["fails"] * 2) is None


def test_few_are_told_together_with_those_next_to_them():
    answer = told(["passes"], ["fails"] * 2 + ["at_limit"] * 4 + ["passes"] * 30)
    assert answer.groups == ((("fails", "at_limit"), 5), (("incomplete", "passes"), 30))
    assert answer.departments == 35


def test_every_status_is_told_alone_where_each_has_enough():
    answer = told([], ["fails"] * 3 + ["at_limit"] * 7 + ["incomplete"] * 8 + ["passes"] * 30)
    assert [number for _, number in answer.groups] == [5, 5, 10, 30]


def test_departments_without_a_verdict_of_their_own_count_as_incomplete_and_the_corporate_body_does_not_count():
    """Assessed A to H, of which A to C fail; J to L never assessed; M only rolled up from N below it."""
    rows = [department(code) for code in "ABCDEFGHJKLM"] + [department("N", "M")]
    for code in "ABC":
        rows += assessed(code, e1_1_1="non_compliant")
    for code in "DEFGHN":
        rows += assessed(code)
    answer = distribution(headroom(programme(*rows), date(2025, 6, 30)), {"H"})
    # 3 fail, 6 pass, 4 have no verdict; none is at its limit, so that is never said
    assert answer.groups == ((("fails", "at_limit"), 5), (("incomplete", "passes"), 10))


def test_the_day_told_is_the_last_of_a_quarter():
    assert told_on(date(2025, 3, 31)) == date(2025, 3, 31)
    assert told_on(date(2025, 3, 30)) == date(2024, 12, 31)
    assert told_on(date(2025, 6, 29)) == date(2025, 3, 31)
    assert told_on(date(2025, 12, 31)) == date(2025, 12, 31)


@given(st.dates(date(1990, 1, 1), date(2200, 12, 31)))
def test_all_days_of_a_quarter_but_the_last_tell_the_same_day(day):
    end = told_on(day)
    assert end <= day < end + timedelta(days=93)
    assert (end + timedelta(days=1)).day == 1
    assert (end + timedelta(days=1)).month in (1, 4, 7, 10)
    assert told_on(end) == end
