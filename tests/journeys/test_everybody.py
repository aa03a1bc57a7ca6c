"""Everybody can use every page of the menu, in every state it can be in (issue 6, item 6; reliability.md A1 to A8).

The pages are those of `dashboard.shell.PAGES`: a new one is asked the same questions by being there. One load of a page
serves many questions, and one server and browser all pages.
"""

import pytest
from playwright.sync_api import Page, expect

from dashboard.shell import PAGES
from tests.journeys import everybody
from tests.journeys.screens import PATIENCE, settled
from tests.served import assay

NAMES = [page.name for page in PAGES]
PATHS = {page.name: page.path for page in PAGES}
_INSIDE = "box => box.contains(document.activeElement) || document.activeElement === document.body"
OPENING = [page.name for page in PAGES if page.opens]
WHAT_OPENS = {"coverage": "#coverage-matrix tbody tr[aria-level='2'] th"}  # a row does, where it is about one element


@pytest.fixture(scope="module")
def lead(own, browser) -> Page:
    """One browser page for all: a lead's, of the county council of the demo."""
    page = everybody.signed_in(own, browser, "lead")
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def lead_of_nothing(own, browser) -> Page:
    """The same of an organisation that has sent nothing yet."""
    assay("tenant", "add", "EMPTY", "--name", "Empty Borough Council (fictional)", database_url=own.database_url)
    lead = own.email("lead")
    assay("user", "add", lead, "--tenant", "EMPTY", "--role", "corporate_lead", database_url=own.database_url)
    page = everybody.signed_in(own, browser, "lead", "EMPTY")
    yield page
    page.context.close()


def at(page: Page, own, path: str) -> Page:
    page.set_viewport_size(everybody.DESK)
    page.goto(own.url + path)
    return settled(page)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_can_use_a_page(own, lead, name):
    page = at(lead, own, PATHS[name])
    faults = [*everybody.questions(page), *everybody.walk(page), *everybody.looks_of(page)]
    everybody.opened(page)
    faults += [f"with everything opened {one}" for one in [*everybody.axe(page), *everybody.narrow(page)]]
    faults += everybody.menu(page)
    everybody.is_faultless(faults)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_can_use_a_page_on_which_there_is_nothing_yet(own, lead_of_nothing, name):
    everybody.is_faultless(everybody.questions(at(lead_of_nothing, own, PATHS[name])))


@pytest.mark.parametrize("name", NAMES)
def test_everybody_is_told_what_is_wrong_with_an_address(own, lead, name):
    lead.goto(own.url + PATHS[name] + "?as_of=yesterday")
    expect(lead.get_by_role("alert")).not_to_be_empty(timeout=PATIENCE)
    lead.wait_for_load_state("networkidle", timeout=PATIENCE)
    everybody.is_faultless([*everybody.axe(lead), *everybody.narrow(lead)])


@pytest.mark.parametrize("name", OPENING)
def test_everybody_can_open_what_is_behind_a_cell_and_close_it_again(own, lead, name):
    page = at(lead, own, PATHS[name])
    cell = page.locator(WHAT_OPENS.get(name, "main td.t-opens")).first
    cell.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    faults = [*everybody.axe(page), *everybody.in_forced_colours(page), *everybody.in_the_dark(page)]
    for _ in range(40):
        page.keyboard.press("Tab")
        # What keeps the focus inside brings it back a moment after it has left.
        if not any(dialog.evaluate(_INSIDE) or page.wait_for_timeout(50) for _ in range(40)):
            faults.append("Tab leaves the dialog that is open")
            break
    everybody.is_faultless([*faults, *everybody.narrow(page)])
    dialog.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden(timeout=PATIENCE)
    expect(cell).to_be_focused(timeout=PATIENCE)


def test_everybody_is_told_where_they_have_come_and_what_is_there(own, lead):
    """By the title, by the focus on the first heading, and by the polite live region (2.4.2, 2.4.3, 4.1.3)."""
    page = at(lead, own, "/")
    for known in (*PAGES[1:], PAGES[0]):
        page.evaluate("document.getElementById('shell-live').textContent = ''")
        page.locator(f'#shell-nav a[data-path="{known.path}"]').click()
        expect(page.locator("h1")).to_be_focused(timeout=PATIENCE)
        settled(page)
        expect(page).to_have_title(f"{known.title} – Assay", timeout=PATIENCE)
        said = page.locator("main [aria-live]:not(:empty), #shell-live:not(:empty)")
        expect(said, f"{known.name} says what it shows").not_to_have_count(0, timeout=PATIENCE)


def test_everybody_can_use_the_menu_on_a_small_screen(own, lead):
    page = at(lead, own, "/")
    page.set_viewport_size(everybody.PHONE)
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    everybody.is_faultless([*everybody.axe(page), *everybody.lost(page, "sideways", "cut")])
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()


@pytest.mark.parametrize("name", NAMES)
def test_everybody_can_read_a_page_on_paper(own, lead, name):
    """Whose it is, its title, filters and day stand on it, nothing runs over its edge, and controls stay away."""
    page = at(lead, own, PATHS[name])
    everybody.is_faultless(everybody.printed(page))


def test_everybody_reads_the_signs_of_the_heatmap_however_colours_are_seen(own, lead):
    page = at(lead, own, "/heatmap?criterion=1")
    browser = page.context.new_cdp_session(page)
    for sight in ("protanopia", "deuteranopia", "tritanopia", "achromatopsia"):
        browser.send("Emulation.setEmulatedVisionDeficiency", {"type": sight})
        for band in page.locator(".legend-list .b").all()[:6]:
            assert everybody.contrast_of(band.screenshot()) >= 3, (sight, band.inner_text())
    browser.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})
