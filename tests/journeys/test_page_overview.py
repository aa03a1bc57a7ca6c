"""The overview of the demo's county council in a real browser (issue 2, item 6; reliability.md group A)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE, chips, scrolls_one_way, settled, walks_through


def rows(page):
    return page.locator("#overview-table tbody tr")


def test_the_worst_department_is_seen_at_once_on_a_laptop(screen):
    page = screen("/")
    expect(rows(page).first).to_contain_text("Fails")
    assert rows(page).nth(1).bounding_box()["y"] < 650
    wide = page.locator("#overview-table .t-scroll").evaluate("box => box.scrollWidth - box.clientWidth")
    assert wide <= 1


def test_overview_headroom_and_heatmap_tell_the_same_counts(screen):
    page = screen("/")
    first = page.locator("#overview-headline").inner_text().split(". ")[0]
    counted = chips(page)
    assert re.match(rf"{counted['Fails']} of \d+ assessed departments fail", first)
    assert rows(page).count() == counted["All"]
    page = screen("/headroom")
    assert page.locator("#headroom-headline").inner_text().split(". ")[0] == first
    assert chips(page).items() <= counted.items()
    page = screen("/heatmap")
    assert page.locator("#heatmap-headline").inner_text().split(". ")[0] == first


def test_a_chip_filters_through_the_address_and_the_back_button_undoes_it(screen):
    page = screen("/")
    counted = chips(page)
    page.get_by_role("link", name=re.compile(r"^At limit")).click()
    expect(rows(page)).to_have_count(counted["At limit"], timeout=PATIENCE)
    assert page.url.endswith("?status=at_limit")
    expect(rows(page).first).to_contain_text("is at its limit")
    page.go_back()
    expect(rows(page)).to_have_count(counted["All"], timeout=PATIENCE)


def test_a_row_leads_to_the_heatmap_of_its_department(screen):
    page = screen("/?status=fails")
    name = rows(page).first.get_by_role("link").first.inner_text()
    rows(page).first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Heatmap", timeout=PATIENCE)
    expect(page.locator("#heatmap-table tbody th").first).to_contain_text(name, timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(screen, scheme):
    found = Axe().run(screen("/", bypass_csp=True, color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_the_table_and_leaves_it(screen):
    walks_through(screen("/?status=at_limit"), "overview-table")


def test_a_narrow_screen_scrolls_one_way(screen):
    assert scrolls_one_way(screen("/", size=(390, 844)))


def test_a_champion_sees_own_departments_alone(screen):
    page = screen("/", who="champion")
    assert rows(page).locator("th").all_inner_texts()[0].startswith("Highways")
    assert chips(page)["All"] == rows(page).count() < 10
    for title in ("Ashcombe County Council", "Waste and Recycling", "Passenger Transport"):
        expect(page.get_by_role("main")).not_to_contain_text(title)


@pytest.mark.parametrize(
    ("who", "query", "said"),
    [
        ("champion", "?department=WST", "There is no department WST on this day that you may see"),
        ("champion", "?department=NOSUCH", "There is no department NOSUCH on this day that you may see"),
        ("leader", "?as_of=2025-02-30", "The address names the day 2025-02-30"),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_is_answered_in_words(screen, served, who, query, said):
    page = screen("/", who=who)
    page.goto(f"{served.url}/{query}")
    expect(page.get_by_role("alert")).to_contain_text(said, timeout=PATIENCE)


def test_a_day_before_all_results_has_no_verdicts(screen):
    page = settled(screen("/?as_of=2015-01-01"))
    expect(page.locator("#overview-headline")).to_contain_text("Nothing shown here has been assessed as a whole")
    assert chips(page)["Fails"] == 0
