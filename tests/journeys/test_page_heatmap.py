"""The heatmap of the demo's county council in a real browser (issue 2, item 6; reliability.md group A)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE

A_YEAR_BEFORE = "2025-01-01"


@pytest.fixture
def heatmap(screen):
    """A function: the heatmap with a query, drawn, as seen by one of the demo's people."""

    def show(query: str = "", who: str = "leader", size: tuple[int, int] = (1920, 1080), **options):
        return screen(f"/heatmap{query}", who, size, **options)

    return show


def drawer(page):
    """The open drawer, filled."""
    found = page.get_by_role("dialog")
    expect(found.locator(".d-where")).to_be_visible(timeout=PATIENCE)
    return found


def cell(page, department: str, column: str):
    """The cell of a department in the column whose full name begins so."""
    return page.get_by_role("gridcell", name=re.compile(rf"^{re.escape(department)}, {re.escape(column)}")).first


@pytest.mark.parametrize("query", ["", f"?criterion=all&compare={A_YEAR_BEFORE}"])
def test_forty_departments_fit_on_a_wall_screen_without_scrolling(heatmap, query):
    page = heatmap(query)
    seen = page.locator("#heatmap-table tbody tr").evaluate_all(
        "rows => rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length"
    )
    assert seen >= 40
    wide = page.locator("#heatmap-table .t-scroll").evaluate("box => box.scrollWidth - box.clientWidth")
    assert wide <= 1


@pytest.mark.parametrize(
    "query", ["", "?mode=share&basis=self", "?mode=bands&basis=desk", "?basis=difference&criterion=all"]
)
def test_every_cell_has_a_sign_and_a_name(heatmap, query):
    cells = heatmap(query).locator("#heatmap-table tbody td")
    bare = "cell => !cell.textContent.trim() || !(cell.ariaLabel || cell.querySelector('.chip'))"
    bare = cells.evaluate_all(f"cells => cells.filter({bare}).length")
    assert cells.count() > 100
    assert bare == 0


@pytest.mark.parametrize(
    ("query", "scheme"),
    [
        (f"?mode=bands&criterion=2&compare={A_YEAR_BEFORE}", "light"),
        (f"?criterion=2&compare={A_YEAR_BEFORE}", "dark"),
        ("?mode=share", "light"),
        ("?basis=difference&criterion=4", "light"),
        ("?cell=LIB~1.2.2", "light"),
        ("?cell=WST~4", "dark"),
    ],
)
def test_axe_objects_to_nothing(heatmap, query, scheme):
    page = heatmap(query, size=(1280, 800), bypass_csp=True, color_scheme=scheme)
    if "cell=" in query:
        drawer(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_cell_opens_by_keyboard_and_gives_the_focus_back(heatmap):
    page = heatmap(size=(1280, 800))
    page.locator("#heatmap-table tbody th").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    named = page.evaluate("document.activeElement.ariaLabel")
    assert "2 Culture of the organisation" in named
    page.keyboard.press("Enter")
    expect(drawer(page)).to_contain_text("All 11 elements")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("cell="))
    expect(page.locator(":focus")).to_have_attribute("aria-label", named)


def test_tab_leaves_the_table(heatmap):
    page = heatmap(size=(1280, 800))
    page.locator("#heatmap-table tbody td").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('#heatmap-table table')")


def test_from_a_criterion_to_an_element_to_where_its_results_come_from(heatmap):
    page = heatmap(size=(1280, 800))
    cell(page, "Waste and Recycling", "4 Delivery").click()
    expect(drawer(page)).to_contain_text("What counts against it")
    expect(drawer(page)).to_contain_text("Criterion 4 fails")
    drawer(page).get_by_role("link", name=re.compile(r"^4\.\d\.\d ")).first.click()
    expect(drawer(page)).to_contain_text("Results over time", timeout=PATIENCE)
    drawer(page).get_by_text("Details", exact=True).last.click()
    expect(drawer(page).get_by_text("Where the results come from").last).to_be_visible()
    expect(drawer(page)).to_contain_text(re.compile(r"row \d+"))
    page.go_back()
    expect(drawer(page)).to_contain_text("What counts against it")


def test_an_open_drawer_can_be_sent_by_mail(heatmap):
    page = heatmap("?cell=LIB~1.2.2")
    expect(drawer(page)).to_contain_text("Since last time:")
    expect(page.get_by_role("dialog")).to_have_accessible_name(re.compile(r"^1\.2\.2 "))


def test_a_criterion_opens_into_its_elements_and_closes_again(heatmap):
    page = heatmap(size=(1280, 800))
    page.get_by_role("button", name="Open 3 Information and access").click()
    expect(page).to_have_url(re.compile("criterion=3"))
    expect(page.get_by_role("columnheader", name=re.compile(r"^3\.1\.1 "))).to_have_count(1)
    page.get_by_role("button", name="Close 3 Information and access").click()
    expect(page).not_to_have_url(re.compile("criterion="))


def test_what_has_changed_is_said_and_not_only_shown(heatmap):
    page = heatmap(f"?compare={A_YEAR_BEFORE}")
    assert page.get_by_role("gridcell", name=re.compile("(better|worse) than on the day compared")).count() > 0
    expect(page.locator(".headline")).to_contain_text("Against 1 January 2025")


def test_rolled_up_bands_give_no_verdict(heatmap):
    page = heatmap()
    row = page.locator("#heatmap-table tbody tr").first
    expect(row.locator(".t-k-status")).to_contain_text(re.compile(r"\d+ of \d+ pass"))
    assert row.locator(".s-fails, .s-passes, .s-at_limit").count() == 0
    row.locator(".t-k-headroom").first.click()
    expect(drawer(page)).to_contain_text("so there is no verdict")


def test_a_champion_sees_a_branch_and_nothing_beside_it(heatmap):
    page = heatmap(who="champion")
    names = page.locator("#heatmap-table tbody .t-name").all_inner_texts()
    assert names[0] == "Highways"
    assert "Libraries" not in names
    for code in ("LIB", "NOWHERE"):
        other = heatmap(f"?cell={code}~1.1.1", who="champion")
        expect(other.locator("#shell-message")).to_contain_text(f"no department {code} on this day that you may see")


def test_a_department_that_is_not_there_is_said_plainly(heatmap, served):
    page = heatmap()
    page.goto(f"{served.url}/heatmap?department=NOWHERE")
    expect(page.locator("#shell-message")).to_contain_text("no department NOWHERE", timeout=PATIENCE)


@pytest.mark.parametrize("query", ["?criterion=2", "?cell=WST~4", "?cell=LIB~1.2.2"])
def test_a_telephone_shows_the_page_without_scrolling_it_sideways(heatmap, query):
    page = heatmap(query, size=(390, 844))
    if "cell=" in query:
        body = drawer(page).locator(".offcanvas-body")
        assert body.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
