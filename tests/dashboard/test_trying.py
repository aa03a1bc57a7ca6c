"""What is tried, in the address: written, read and carried along (issue 5, item 3)."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import SUPPOSED, SUPPOSING, filters
from dashboard.trying import MOST, cells, changed, in_order, tried
from scheme.errors import UsageError
from scheme.standard import ALL_BANDS, shipped

CSE = shipped("cse")
codes = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters=";"), min_size=1)
places = st.one_of(st.none(), codes.map(lambda code: code[:20]))
some = st.dictionaries(st.tuples(places, st.sampled_from(CSE.codes)), st.sampled_from(ALL_BANDS), max_size=20)


@given(some)
def test_an_address_says_what_it_tries(told):
    assert cells(tried(told)) == told
    asked = filters(filters("/heatmap", "heatmap").href(**{"try": tried(told)}), "heatmap")
    assert cells(asked.tried) == told


@given(some, st.randoms())
def test_whoever_tries_the_same_has_the_same_address(told, chance):
    mixed = list(told.items())
    chance.shuffle(mixed)
    assert tried(dict(mixed)) == tried(told)


@given(st.text(max_size=60))
def test_no_word_crashes(text):
    try:
        told = cells(text)
    except UsageError:
        return
    assert set(told.values()) <= set(ALL_BANDS)


@pytest.mark.parametrize("text", ["HWY~1.1.1", "HWY~1.1.1~z", "1.1.1~c", "HWY~1.1.1~c;HWY~1.1.1~p", "~~c", ";x"])
def test_what_nobody_could_have_chosen_is_refused(text):
    with pytest.raises(UsageError, match="nobody could have chosen"):
        cells(text)


def test_more_than_an_address_holds_is_refused_with_the_number():
    many = {(None, code): "partial" for code in CSE.codes} | {("A", code): "partial" for code in CSE.codes}
    with pytest.raises(UsageError, match=f"{MOST} cells at a time"):
        tried(many)
    with pytest.raises(UsageError, match=f"tries {len(many)} cells; a scenario can try {MOST}"):
        cells(";".join(f"{place or ''}~{code}~p" for place, code in many))
    with pytest.raises(UsageError, match="too long"):
        filters("/heatmap?try=" + "x" * 2501, "heatmap")


def test_a_trial_is_taken_back_or_replaced():
    told = {("A", "1.1.1"): "partial", ("A", "1.1.2"): "compliant"}
    assert changed(told, ("A", "1.1.1"), None) == {("A", "1.1.2"): "compliant"}
    assert changed(told, ("A", "1.1.1"), "not_applicable")["A", "1.1.1"] == "not_applicable"
    assert list(in_order({("A", "1.1.10"): "partial", ("A", "1.1.2"): "partial", (None, "5"): "partial"})) == [
        (None, "5"),
        ("A", "1.1.2"),
        ("A", "1.1.10"),
    ]


def test_a_scenario_goes_to_and_fro_between_its_pages_and_to_no_other():
    asked = filters("/heatmap?try=A~1.1.1~p&draft=7&as_of=2025-03-07&mode=bands", "heatmap")
    assert asked.href("headroom") == "/headroom?try=A~1.1.1~p&draft=7&as_of=2025-03-07"
    for page in ("overview", "coverage", "sites", "scenarios"):
        assert "try" not in asked.href(page), page
        assert "draft" not in asked.href(page), page
    elsewhere = filters("/coverage?draft=7", "coverage")
    assert "draft" not in elsewhere.href("heatmap"), "there it is a draft of another kind"


def test_the_page_and_the_server_carry_the_same_scenario_along():
    script = (Path(__file__).resolve().parents[2] / "assets" / "assay.js").read_text("utf-8")
    told = {name: re.findall(r'"/?(\w+)"', words) for name, words in re.findall(r"const (\w+) = \[(.*?)\];", script)}
    assert (told["SUPPOSED"], told["SUPPOSING"]) == (list(SUPPOSED), list(SUPPOSING))
