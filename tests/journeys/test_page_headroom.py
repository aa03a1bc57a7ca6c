"""The headroom page of the demo's county council in a real browser (issue 2, item 6; reliability.md group A)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, chips, scrolls_one_way, walks_through


def rows(page):
    return page.locator("#headroom-table tbody tr")


def drawer(page):
    """The open drawer, filled."""
    found = page.get_by_role("dialog")
    expect(found.locator(".d-where")).to_be_visible(timeout=PATIENCE)
    return found


def test_all_criteria_and_the_reason_fit_on_a_laptop(screen):
    page = screen("/headroom")
    wide = page.locator("#headroom-table .t-scroll").evaluate("box => box.scrollWidth - box.clientWidth")
    assert wide <= 1
    expect(rows(page).first).to_contain_text(re.compile(r"Criterion \d fails"))
    assert rows(page).nth(1).bounding_box()["y"] < 700


def test_marks_can_be_counted_and_are_said(screen):
    cell = screen("/headroom?status=at_limit").locator("#headroom-table td[aria-label*='at limit,']").first
    said = re.search(r"(\d) of (\d) partials", cell.get_attribute("aria-label"))
    assert said[1] == said[2] == str(cell.locator(".mark-used").count())
    expect(cell.locator(".mark-free")).to_have_count(0)


def test_a_chip_filters_through_the_address_and_the_back_button_undoes_it(screen):
    page = screen("/headroom")
    counted = chips(page)
    page.get_by_role("link", name=re.compile(r"^Fails")).click()
    expect(rows(page)).to_have_count(counted["Fails"], timeout=PATIENCE)
    page.go_back()
    expect(rows(page)).to_have_count(counted["All"], timeout=PATIENCE)


def test_a_cell_opens_the_elements_behind_it_by_keyboard_and_gives_the_focus_back(screen):
    page = screen("/headroom?status=at_limit")
    page.locator("#headroom-table tbody th").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(drawer(page)).to_contain_text("Criterion 1")
    assert "cell=" in page.url
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#headroom-table td:focus-within")).to_have_count(1, timeout=PATIENCE)


@pytest.mark.parametrize(("query", "scheme"), [("", "light"), ("?status=indication", "dark")])
def test_axe_objects_to_nothing(screen, query, scheme):
    found = Axe().run(screen(f"/headroom{query}", bypass_csp=True, color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_the_table_and_leaves_it(screen):
    walks_through(screen("/headroom"), "headroom-table")


def test_a_narrow_screen_scrolls_one_way(screen):
    assert scrolls_one_way(screen("/headroom", size=(390, 844)))


def test_a_champion_sees_own_departments_alone(screen):
    page = screen("/headroom", who="champion")
    assert rows(page).locator("th").all_inner_texts()[0].startswith("Highways")
    expect(page.get_by_role("main")).not_to_contain_text("Ashcombe County Council")


def test_what_is_rolled_up_shows_no_mark_beyond_a_limit(screen):
    page = screen("/headroom?status=indication")
    colours = page.locator("#headroom-table .mark:is(.mark-used, .mark-over)").evaluate_all(
        "marks => [...new Set(marks.map(mark => getComputedStyle(mark).backgroundColor))]"
    )
    assert len(colours) == 1
