"""Every page that a role of the demo can reach by links, in a real browser: nothing is asked of outside servers, the
content security policy is never broken, and it holds when it is tried (reliability.md D6, D8, D9, W15)."""

import re
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, settled, signed_in_as

ROLES = ("lead", "leader", "champion", "assessor", "administrator", "operator")
MOST = 40  # pages of one role; of pages that differ in codes, numbers or their query alone, the first


def crawled(page: Page, home: str) -> list[str]:
    """The addresses of pages reached from the first one by following links."""
    waiting, seen, kinds = ["/"], [], {}
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|[A-Z]{2,}", "#", urlsplit(path).path)
        kinds[kind] = kinds.get(kind, 0) + 1
        if path in seen or kinds[kind] > 1:
            continue
        answer = page.goto(home + path)
        assert answer is not None
        assert answer.status == 200, path
        settled(page)
        if page.locator("nav a").count():
            expect(page.locator("nav a").filter(visible=True).first).to_be_visible(timeout=PATIENCE)
        seen.append(path)
        for link in page.locator("a[href]:not([download])").all():
            href = urldefrag(str(link.evaluate("a => a.href"))).url
            if href.startswith(home) and not re.search("/download/|/language/", href) and link.is_visible():
                waiting.append(href.removeprefix(home))
    return seen


@pytest.mark.parametrize("who", ROLES)
def test_no_page_of_a_role_breaks_the_policy_or_asks_outside(served, new_context, who: str) -> None:
    page = signed_in_as(served, new_context(), who)
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: faults.append(asked.url) if leaves(asked.url, served.url) else None)
    seen = crawled(page, served.url)
    assert faults == []
    assert len(seen) >= 4
    kept = [path for path in seen if path.startswith("/administration") and "/withdraw/" not in path]
    assert bool(kept) == (who == "administrator")


def test_the_policy_stops_a_script_that_somebody_smuggled_in(served, new_context) -> None:
    page = signed_in_as(served, new_context(), "lead")
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.evaluate(
        """(patience) => new Promise((done) => {
            const left = new Set(["script-src-attr", "script-src-elem", "error"]);
            const met = (what) => left.delete(what) && !left.size && done();
            document.addEventListener("securitypolicyviolation", (event) => met(event.violatedDirective));
            document.addEventListener("error", (event) => met(event.type), true);
            setTimeout(done, patience);
            document.getElementById("main").insertAdjacentHTML("beforeend", "<img src=x onerror='window.owned = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.owned = 2";
            document.body.append(script);
        })""",
        PATIENCE,
    )
    assert page.evaluate("window.owned") is None
    assert sum("Content Security Policy" in line for line in said) >= 2


def test_no_chart_can_be_sent_anywhere(served, new_context) -> None:
    page = signed_in_as(served, new_context(), "lead")
    for path in ("/", "/heatmap", "/headroom", "/coverage", "/sites"):
        page.goto(served.url + path)
        page.wait_for_load_state("networkidle", timeout=PATIENCE)
        assert page.locator('.modebar-btn[aria-label^="Share"], .modebar-btn[data-title^="Share"]').count() == 0


def leaves(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:"))
