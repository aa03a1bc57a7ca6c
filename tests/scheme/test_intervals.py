"""Standing as intervals: what a slow and obvious twin finds day by day, as text and as pl.Enum."""

from dataclasses import replace
from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from scheme.frames import RESULTS, Programme
from scheme.intervals import WORDS, among, as_text, in_turn_of, intervals
from scheme.sight import in_sight
from scheme.standard import ASSESSMENT_TYPES, BASES
from tests import oracle
from tests.by_hand import assessment, programme, result
from tests.programmes import CODES, cases
from tests.scheme.test_sight import examples


def twin(known: Programme) -> list[tuple[date | None, str | None]]:
    """For each result the day until which it holds and the band before it, each looked for among all others."""
    rows = oracle.results_with_restated(known)

    def turn(row):
        return row["assessed_on"], ASSESSMENT_TYPES.index(row["assessment_type"])

    found = []
    for row in rows:
        basis = next((types for types in BASES.values() if row["assessment_type"] in types), ())
        beside = [
            other
            for other in rows
            if not other["restated"]
            and other["assessment_type"] in basis
            and all(other[name] == row[name] for name in ("department_code", "site_code", "element"))
        ]
        if not basis or row["restated"]:
            found.append((row["assessed_on"], None))
            continue
        later = [turn(other) for other in beside if turn(other) > turn(row)]
        earlier = [other for other in beside if turn(other) < turn(row)]
        found.append((min(later)[0] if later else None, max(earlier, key=turn)["band"] if earlier else None))
    return found


@examples
@given(case=cases(), seed=st.randoms(use_true_random=False))
def test_a_result_holds_until_the_day_that_its_twin_finds(case, seed):
    known, _ = case
    order = list(range(known.results.height))
    seed.shuffle(order)
    known = replace(known, results=known.results[order])
    found = intervals(known.results, known.assessments)
    assert found.columns == [*RESULTS, "until_on", "previous_band"]
    assert found.select("until_on", "previous_band").rows() == twin(known)
    assert_frame_equal(found.select(list(RESULTS)), known.results)


@examples
@given(case=cases(), roots=st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=2))
def test_kept_as_numbers_they_are_the_same_and_so_they_are_when_cut_to_what_somebody_may_see(case, roots):
    known, _ = case
    ready = _ready(known)
    assert_frame_equal(ready.results, known.results)
    assert_frame_equal(as_text(ready.intervals), known.intervals)
    for cut in (in_sight(known, roots), in_sight(ready, roots), in_sight(ready, roots, ["none"])):
        assert_frame_equal(as_text(cut.intervals), intervals(cut.results, cut.assessments), check_row_order=False)
    assert_frame_equal(in_sight(ready, roots).results, in_sight(known, roots).results)


def _ready(known: Programme) -> Programme:
    """The same programme as the warehouse gives it: the words of its results as pl.Enum."""
    words = {name: sorted(set(known.results[name].drop_nulls()) | {"of nobody"}) for name in WORDS}
    rows = intervals(known.results, known.assessments).with_columns(
        *(pl.col(name).cast(pl.Enum(codes)) for name, codes in words.items()),
        pl.col("previous_band").cast(pl.Enum(words["band"])),
    )
    rest = (known.standard, known.profiles, known.departments, known.sites, known.certificates)
    return Programme.ready(rows, *rest, known.assessments, known.visits)


def test_a_programme_made_from_another_never_has_the_intervals_of_that_one():
    rows = result("1.1.1", "partial", "2020-01-01", of="A"), result("1.1.1", "compliant", "2021-01-01", of="A")
    ready = _ready(programme(*rows))
    assert ready.intervals["until_on"].to_list() == [date(2021, 1, 1), None]
    assert replace(ready, results=ready.results.head(1)).intervals["until_on"].to_list() == [None]
    elsewhere = programme(*rows, assessment("annual_review", "2021-01-01", "1.1.2", of="A")).assessments
    again = replace(ready, assessments=elsewhere)
    assert again.intervals["until_on"].to_list() == [None, date(2021, 1, 1)]


def test_words_are_looked_for_as_text_and_as_numbers_alike():
    text = pl.Series(["a", None, "b"])
    for words in (text, text.cast(pl.Enum(["b", "a"]))):
        assert among(words, ["a", "z"]).to_list() == [True, False, False]


@given(rows=st.lists(st.tuples(st.integers(0, 2**40), st.integers(-(2**40), 2**40)), max_size=9))
def test_the_turn_of_rows_is_found_where_their_numbers_fit_into_one_and_where_not(rows):
    for shift in (0, 38):
        frame = pl.DataFrame([(a >> shift, b >> shift) for a, b in rows], {"a": pl.Int64, "b": pl.Int64}, orient="row")
        turn = in_turn_of(frame)
        assert (frame if turn is None else frame[turn]).rows() == sorted(frame.rows())
