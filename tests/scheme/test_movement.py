"""Movement between two days: against a slow twin, on random programmes, and by hand."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheme.movement import movement, moves, sentences, together
from scheme.standard import ALL_BANDS, BANDS
from tests import oracle
from tests.by_hand import department, programme, result
from tests.programmes import cases

THEN, NOW = date(2025, 1, 1), date(2026, 1, 1)


def own_bands(known, day, basis):
    """Of every department active on the day: what it holds by its own results."""
    return {
        (row["department_code"], row["element"]): row["band"]
        for row in oracle.standing(known, day, basis)
        if not row["rolled_up"]
    }


def twin(known, first, second, basis):
    """Department, criterion, band -> before, kept, gained, lost, after, counted one place at a time."""
    before, after = own_bands(known, first, basis), own_bands(known, second, basis)
    found = {}
    for place in before.keys() | after.keys():
        criterion = known.standard.element[place[1]].criterion
        for band in ALL_BANDS:
            numbers = found.setdefault((place[0], criterion, band), [0, 0, 0, 0, 0])
            was, now = before.get(place) == band, after.get(place) == band
            for at, holds in enumerate((was, was and now, now and not was, was and not now, now)):
                numbers[at] += holds
    return found


@given(case=cases(), back=st.integers(0, 900), basis=st.sampled_from(["formal", "self"]))
def test_movement_is_what_its_twin_counts_and_nothing_is_lost(case, back, basis):
    known, day = case
    rows = movement(moves(known, day - timedelta(days=back), day, basis))
    assert {row[:3]: list(row[3:]) for row in rows.iter_rows()} == twin(known, day - timedelta(days=back), day, basis)
    for row in rows.iter_rows(named=True):
        assert row["kept"] + row["lost"] == row["before"]
        assert row["kept"] + row["gained"] == row["after"]


@given(case=cases(), back=st.integers(0, 900))
def test_every_move_says_how_and_the_words_fit_the_bands(case, back):
    known, day = case
    first = day - timedelta(days=back)
    there = set(oracle.active_departments(known, first))
    for row in moves(known, first, day).iter_rows(named=True):
        was, now, how = row["band_before"], row["band_after"], row["how"]
        assert was is not None or now is not None
        if now is None:
            assert how == "closed"
            assert row["department_code"] not in oracle.active_departments(known, day)
        elif was is None:
            assert how == ("first" if row["department_code"] in there else "opened")
        elif was in BANDS and now in BANDS:
            by = BANDS.index(now) - BANDS.index(was)
            assert how == ("worse" if by > 0 else "better" if by < 0 else "kept")
        else:
            assert how == ("kept" if was == now else "set_beside" if now == "not_applicable" else "taken_in")


@given(case=cases())
def test_between_a_day_and_itself_everything_is_kept(case):
    assert set(moves(*case[:1], case[1], case[1])["how"]) <= {"kept"}


STORY = programme(
    department("A"),
    department("NEW", since="2025-06-01"),
    department("OLD", until="2025-06-01"),
    *(result(e, "compliance_plus", "2024-06-01", of="A") for e in ("1.1.1", "1.1.2", "1.1.3", "1.2.1")),
    result("1.2.2", "partial", "2024-06-01", of="A"),
    result("1.2.3", "not_applicable", "2024-06-01", of="A"),
    result("1.1.3", "partial", "2025-06-01", of="A"),
    result("1.2.2", "compliance_plus", "2025-06-01", of="A"),
    result("1.2.3", "compliance_plus", "2025-06-01", of="A"),
    result("2.1.1", "compliant", "2025-06-01", of="A"),
    result("1.1.1", "compliance_plus", "2025-07-01", of="NEW"),
    result("1.1.1", "compliance_plus", "2024-07-01", of="OLD"),
)


def test_a_story_is_counted_as_one_would_by_hand_and_said_aloud():
    found = moves(STORY, THEN, NOW)
    once = ("worse", "better", "taken_in", "first", "opened", "closed")
    assert Counter(found["how"]) == {"kept": 3, **dict.fromkeys(once, 1)}
    everybody = together(movement(found))
    assert sentences(everybody, STORY.standard.bands) == [
        "Kept 3 compliance plus, gained 3, lost 2.",
        "Kept no compliant, gained 1, lost none.",
        "Kept no partial, gained 1, lost 1.",
    ]
    alone = together(movement(found), "department_code").filter(department_code="A")
    assert sentences(alone, STORY.standard.bands)[0] == "Kept 3 compliance plus, gained 2, lost 1."


def test_where_nothing_was_assessed_nothing_is_said():
    found = moves(programme(department("A")), THEN, NOW)
    assert found.is_empty()
    assert sentences(together(movement(found)), STORY.standard.bands) == []


def test_movement_never_goes_backwards():
    with pytest.raises(ValueError, match="earlier day"):
        moves(STORY, NOW, THEN)
