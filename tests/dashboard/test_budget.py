"""The budget of bytes: never passed, and shared fairly among tenants (reliability.md T15)."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dashboard.budget import Budget, size_of

puts = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 60)), max_size=60)


@given(puts)
def test_what_is_kept_never_passes_the_budget_and_is_counted_to_whom_it_belongs(kept):
    budget = Budget(100)
    for whose, key, size in kept:
        assert budget.keep(whose, key, size, size) == (size <= 50)
        assert budget.total == sum(budget.held().values()) <= 100
        assert sum(budget.things()) == budget.total


@given(puts, st.integers(0, 25))
def test_nobody_loses_what_is_within_an_equal_share(kept, small):
    """With four that want all there is, a fifth keeps what would be its own if the bytes were dealt out evenly."""
    budget = Budget(130)
    budget.keep("small", "its own", "there", small)
    for whose, key, size in kept:
        budget.keep(whose, key, "other", size)
    assert budget.found("small", "its own") == "there"


def test_who_holds_most_loses_what_it_used_longest_ago():
    budget = Budget(100)
    for key in ("first", "second", "third"):
        budget.keep("large", key, key, 30)
    budget.found("large", "first")
    budget.keep("small", "one", "one", 20)
    assert budget.held() == {"large": 60, "small": 20}
    assert budget.found("large", "second") is None
    assert budget.found("large", "first") == "first"


def test_what_is_kept_again_takes_the_place_of_what_was_there():
    budget = Budget(100)
    for size in (10, 40, 20):
        budget.keep("one", "key", size, size)
    assert budget.held() == {"one": 20}
    assert budget.found("one", "key") == 20
    assert budget.found("another", "key") is None


def test_an_owner_with_nothing_left_is_forgotten():
    """Else a worker would remember every tenant that it ever served."""
    budget = Budget(100)
    for tenant in range(1000):
        budget.keep(tenant, "key", tenant, 40)
    assert len(budget.held()) <= 2
    assert len(budget._kept) == len(budget.held())


def test_a_column_of_words_takes_what_it_takes():
    """16 bytes a row by which each is named, and the letters of those longer than that."""
    codes = pl.DataFrame({"code": [f"D{number}" for number in range(1000)]})
    named = pl.DataFrame({"code": [["C1", "C2"]] * 1000})
    assert size_of(codes) >= 16_000
    assert size_of(named) >= 32_000
    assert size_of({"frames": [codes, codes.clear()]}) >= size_of(codes) > size_of(codes.head(10))
    assert size_of([codes, codes]) < 2 * size_of(codes)
