"""What journeys through the demo's pages share: a page that has settled, chips, and the walk by keyboard."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.served import Served

PATIENCE = 60_000  # milliseconds; two cores do everything here
_NO_WIDER = """async (patience) => {
    const isNoWider = () => document.documentElement.scrollWidth <= window.innerWidth;
    const last = performance.now() + patience;
    while (!isNoWider() && performance.now() < last) await new Promise((done) => setTimeout(done, 50));
    return isNoWider();
}"""


def settled(page: Page) -> Page:
    """The page once it has its heading, its tables are drawn and nothing more is on its way."""
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    expect(page.locator("main .headline:empty, main [data-label]:not(.is-drawn)")).to_have_count(0, timeout=PATIENCE)
    return page


def signed_in_as(served: Served, context: BrowserContext, who: str) -> Page:
    """A page of one of the demo's people, in Ashcombe; an operator visits it."""
    page = context.new_page()
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("E-mail address").fill(served.email(who))
    page.get_by_label("Password").fill(served.passwords[who])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    if who == "operator":
        page.get_by_role("link", name="Visit an organisation").click()
        page.get_by_label("Organisation").select_option("ASHCOMBE")
        page.get_by_label("Why").fill("A question about a file that was set aside")
        page.get_by_role("button", name="Visit", exact=True).click()
    elif "/choose-tenant" in page.url:
        page.locator('button[value="ASHCOMBE"]').click()
    page.wait_for_url(f"{served.url}/", timeout=PATIENCE)
    return settled(page)


def chips(page: Page) -> dict[str, int]:
    """The chips of the page and how many each counts."""
    said = page.locator(".chips a").all_inner_texts()
    return {words.split("(")[0].strip(): int(re.search(r"\((\d+)\)", words)[1]) for words in said}


def tabs_until(page: Page, script: str, most: int = 250) -> None:
    """Press Tab until a script about `here`, the element with the focus, holds."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"(() => {{ const here = document.activeElement; return Boolean({script}); }})()"):
            return
    raise AssertionError(f"{most} times Tab and never {script}")


def walks_through(page: Page, table: str) -> None:
    """Assert that Tab goes into the table with this id and out of it again."""
    page.locator(f"#{table}-find").focus()
    tabs_until(page, f"here.closest('#{table} .t-scroll')")
    tabs_until(page, f"!here.closest('#{table}')")


def scrolls_one_way(page: Page) -> bool:
    """Whether the page is no wider than the window, as soon as its charts have taken the width of the window."""
    return bool(page.evaluate(_NO_WIDER, PATIENCE))
