"""Exact tests against chance: against every toss there is, and the control of false alarms by simulation."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheme.chance import at_least, either_way, raised

TENTH = Fraction(1, 10)


@pytest.mark.parametrize("trials", range(9))
def test_the_sign_tests_count_what_all_tosses_of_a_coin_give(trials):
    tosses = [sum(toss) for toss in product((0, 1), repeat=trials)]
    for heads in range(trials + 1):
        assert at_least(heads, trials) == Fraction(sum(toss >= heads for toss in tosses), len(tosses))
        far = abs(2 * heads - trials)
        assert either_way(heads, trials) == Fraction(sum(abs(2 * t - trials) >= far for t in tosses), len(tosses))


def test_the_sign_test_of_a_textbook():
    assert at_least(9, 10) == Fraction(11, 1024)
    assert either_way(9, 10) == Fraction(22, 1024)
    assert either_way(5, 10) == 1


def slowly(chances, level):
    """Benjamini and Hochberg 1995, as they wrote it: let k be the largest i for which P(i) <= i/m q."""
    ordered = sorted(range(len(chances)), key=lambda n: chances[n])
    k = max((i for i, n in enumerate(ordered, 1) if chances[n] <= Fraction(i, len(chances)) * level), default=0)
    limit = chances[ordered[k - 1]] if k else None
    return [limit is not None and chance <= limit for chance in chances]


@given(st.lists(st.fractions(0, 1, max_denominator=200), max_size=12))
def test_alarms_are_raised_by_the_steps_of_benjamini_and_hochberg(chances):
    assert raised(chances, TENTH) == slowly(chances, TENTH)


def test_the_worked_example_of_benjamini_and_hochberg_raises_four_alarms():
    told = "0.0001 0.0004 0.0019 0.0095 0.0201 0.0278 0.0298 0.0344 0.0459 0.3240 0.4262 0.5719 0.6528 0.7590 1.0000"
    assert raised([Fraction(one) for one in told.split()], Fraction(1, 20)) == [True] * 4 + [False] * 11


@pytest.mark.parametrize("together", [False, True], ids=["departments alone", "departments swayed as a whole"])
def test_where_nothing_is_going_on_false_alarms_stay_at_or_below_the_level(together):
    """57 elements in 40 departments; where an assessor sways a department, all its elements lean one way at once."""
    by, alarmed, worlds = Random(57), 0, 400
    for _ in range(worlds):
        falls = []
        for _ in range(57):
            falls.append([0, 0])
        for _ in range(40):
            lean = by.random() if together else 0.5
            for element in falls:
                if by.random() < 0.3:
                    element[by.random() < lean] += 1
        chances = [at_least(fell, fell + rose) for fell, rose in falls if fell + rose >= 5]
        alarmed += any(raised(chances, TENTH))
    # Under the null every alarm is false; a tenth of 400, and three standard deviations of that.
    assert alarmed <= 40 + 18
