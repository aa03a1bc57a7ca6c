"""Exact tests against chance, and the control of false alarms where many things are tested at once.

All of it counts with whole numbers and fractions; nothing is approximated by a curve.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb


def at_least(successes: int, trials: int) -> Fraction:
    """The chance of so many heads or more in so many tosses of a fair coin: the one-sided sign test."""
    return Fraction(sum(comb(trials, number) for number in range(successes, trials + 1)), 2**trials)


def either_way(successes: int, trials: int) -> Fraction:
    """The chance of a result at least so far from half and half, to either side: the two-sided sign test."""
    return min(Fraction(1), 2 * at_least(max(successes, trials - successes), trials))


def raised(chances: Sequence[Fraction], level: Fraction) -> list[bool]:
    """Which of many tests raise an alarm, by the steps of Benjamini and Hochberg (1995) at a level.

    Sorted by chance, the last place k of m with chance <= k * level / m, and all before it. Then of all alarms a share
    of at most `level` is expected to be false, where the tests are independent or lean the same way (Benjamini and
    Yekutieli 2001); where nothing at all is going on, the chance of a single alarm is at most `level`.
    """
    number = len(chances)
    ordered = sorted(chances)
    passed = [chance for place, chance in enumerate(ordered, 1) if chance <= place * level / number]
    return [bool(passed) and chance <= passed[-1] for chance in chances]
