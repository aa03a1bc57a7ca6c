"""The demo as a newcomer meets it: the real server, the real warehouse, a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.screens import PATIENCE

PAGES = {
    "Overview": "/",
    "Heatmap": "/heatmap",
    "Headroom": "/headroom",
    "Coverage": "/coverage",
    "Sites": "/sites",
    "Data": "/data",
    "Understood": "/understood",
}


@pytest.fixture(scope="module")
def lead_state(served, browser) -> dict:
    """The cookies of the demo's corporate lead in the county council, for browser contexts."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url)
    sign_in(page, served, "lead")
    page.get_by_role("button", name=re.compile("Ashcombe")).click()
    page.wait_for_url(f"{served.url}/")
    state = context.storage_state()
    context.close()
    return state


def sign_in(page, served, who: str) -> None:
    page.get_by_label("E-mail address").fill(served.email(who))
    page.get_by_label("Password").fill(served.passwords[who])
    page.get_by_role("button", name="Sign in").click()


def settled(page) -> None:
    """Wait until the page has its heading, its tables are drawn and nothing more is on its way."""
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    expect(page.locator("main [data-table]:not(.is-drawn)")).to_have_count(0, timeout=PATIENCE)


def test_a_newcomer_finds_who_is_one_partial_from_failing(served, page) -> None:
    page.goto(served.url)
    sign_in(page, served, "leader")
    settled(page)
    chip = page.get_by_role("button", name=re.compile(r"At limit \(\d+\)")).or_(
        page.get_by_role("link", name=re.compile(r"At limit \(\d+\)"))
    )
    count = int(re.search(r"\d+", chip.first.inner_text(timeout=PATIENCE))[0])
    assert count > 0
    chip.first.click()
    settled(page)
    expect(page.get_by_role("main")).to_contain_text(re.compile("at (its )?limit", re.IGNORECASE))


@pytest.mark.parametrize("title", PAGES)
def test_a_page_shows_no_fault_and_asks_nothing_of_other_servers(served, new_context, lead_state, title: str) -> None:
    page = new_context(storage_state=lead_state).new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: faults.append(asked.url) if leaves(asked.url, served.url) else None)
    page.on("response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.goto(served.url + PAGES[title])
    settled(page)
    expect(page).to_have_title(re.compile(title))
    expect(page.get_by_role("main")).not_to_contain_text("Something went wrong")
    assert faults == []


def leaves(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:"))


@pytest.mark.parametrize("title", PAGES)
def test_a_page_has_nothing_that_axe_objects_to(served, new_context, lead_state, title: str) -> None:
    page = new_context(storage_state=lead_state, bypass_csp=True).new_page()
    page.goto(served.url + PAGES[title])
    settled(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("title", PAGES)
def test_a_page_reflows_on_a_narrow_screen(served, new_context, lead_state, title: str) -> None:
    page = new_context(storage_state=lead_state).new_page()
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(served.url + PAGES[title])
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
