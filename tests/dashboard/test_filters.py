"""The address of a page is parsed, checked and written again (reliability.md D3, D7)."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from dash.exceptions import PreventUpdate
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import BASES, Filters, cell, filters
from scheme.errors import UsageError


def test_an_empty_address_asks_for_today_and_formal_results():
    asked = filters(None, "overview")
    assert asked == Filters("overview", datetime.now(UTC).date())
    assert asked.basis == "formal"
    assert asked.href() == "/"


def test_every_key_is_read():
    asked = filters(
        "/heatmap?as_of=2025-03-07&known_at=2025-04-01T10:00:00Z&basis=self&compare=2024-03-07&mode=bands"
        "&criterion=3&department=H%26S&status=fails&certificate=C1&file=a.csv&load=12",
        "heatmap",
    )
    assert asked.as_of == date(2025, 3, 7)
    assert asked.known_at == datetime(2025, 4, 1, 10, tzinfo=UTC)
    assert asked.compare == date(2024, 3, 7)
    assert (asked.basis, asked.mode, asked.criterion, asked.department) == ("self", "bands", "3", "H&S")
    assert (asked.status, asked.certificate, asked.file, asked.load) == ("fails", "C1", "a.csv", 12)


@pytest.mark.parametrize(
    "query",
    [
        "as_of=07/03/2025",
        "as_of=2025-02-30",
        "as_of=0001-01-01",
        "as_of=9999-12-31",
        "as_of=20250307",
        "compare=x",
        "known_at=yesterday",
        "basis=FORMAL",
        "load=1e3",
        "load=-1",
        "load=99999999999999999999",
        "tenant=other",
        "role=admin",
        "basis=self&basis=desk",
        "department=" + "x" * 201,
        "department=%00",
        "department=a%0Ab",
        "find=%1b",
    ],
)
def test_what_makes_no_sense_is_refused_with_words(query):
    with pytest.raises(UsageError, match=r"the address"):
        filters(f"/?{query}", "overview")


def test_a_page_that_was_left_is_not_drawn():
    with pytest.raises(PreventUpdate):
        filters("/data?load=3", "overview")


def test_another_page_gets_only_what_pages_share():
    asked = filters("/heatmap?as_of=2025-03-07&mode=bands&department=H&criterion=3", "heatmap")
    assert asked.href("headroom", status="fails") == "/headroom?as_of=2025-03-07&department=H&status=fails"
    assert asked.href(mode=None) == "/heatmap?as_of=2025-03-07&department=H&criterion=3"
    with pytest.raises(KeyError):
        asked.href(tenant="x")


codes = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "as_of": st.dates(date(1990, 1, 1), date(2200, 12, 31)),
            "basis": st.sampled_from(BASES),
            "department": codes,
            "criterion": codes,
            "certificate": codes,
            "element": codes,
            "site": codes,
            "draft": st.integers(0, 999_999_999),
            "load": st.integers(0, 999_999_999),
        },
    )
)
def test_an_address_says_what_it_was_made_from(changes):
    address = filters(None, "coverage").href(**changes)
    asked = filters(address, "coverage")
    assert {key: getattr(asked, key) for key in changes} == changes
    assert asked.href() == address


@given(st.text(max_size=80))
def test_no_address_crashes(text):
    try:
        asked = filters(f"/?{text}", "overview")
    except (UsageError, PreventUpdate):
        return
    assert all(len(value) <= 4000 for _, value in parse_qsl(urlsplit(asked.href()).query))


@pytest.mark.parametrize(
    ("value", "told"),
    [("", None), (None, None), ("~1.1.1", (None, "1.1.1")), ("HOU~3", ("HOU", "3")), ("A~B~3", ("A~B", "3"))],
)
def test_a_cell_is_a_department_and_a_key(value, told):
    assert cell(value) == told


@pytest.mark.parametrize("value", ["HOU", "HOU~", "~", "x" * 300 + "~1", "a\x00~1"])
def test_a_cell_that_is_none_is_refused(value):
    with pytest.raises(UsageError):
        cell(value)
