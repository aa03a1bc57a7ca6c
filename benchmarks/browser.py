"""In a real browser: until the heatmap can be used, after a change of what is asked, and while it scrolls."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import made
from benchmarks.environment import environment
from benchmarks.figures import Figure
from db import people, sessions
from db.engine import engine
from db.upgrade import upgrade
from tests.served import serving

SIZES = {"small": (100,), "whole": (100, 1000, 3000)}
YEARS = 2  # what a browser does with a heatmap does not depend on how much lies behind it
USABLE = 1.5  # s from the answer to a heatmap in use, at 1,000 departments (issue 7)
GAP = 0.1  # s between two pictures while scrolling; ours: longer than this is seen as a stop
_PATIENCE = 120_000  # ms
_PASSWORD = "four plain words here"
_QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
_CELL = "#heatmap-table.is-drawn tbody tr:not(.t-space) td[tabindex]"

# A cell of a first row can take the focus, and the picture that shows it has been painted.
_USABLE = """([cell, change]) => new Promise((done) => {
    const before = change ? document.querySelector(cell) : null;
    const since = change ? performance.now() : 0;
    if (change) window.assay.go(change);
    const look = () => {
        const now = document.querySelector(cell);
        if (!now || now === before) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => {
            const at = performance.now();
            const answers = performance.getEntriesByType("resource")
                .filter((one) => one.name.includes("/_dash-update-component") && one.startTime >= since)
                .sort((a, b) => b.decodedBodySize - a.decodedBodySize);
            done([at - since, at - answers[0].responseEnd, answers[0].decodedBodySize, answers[0].encodedBodySize]);
        }));
    };
    look();
})"""
_SCROLLED = """() => new Promise((done) => {
    const box = document.querySelector("#heatmap-table .t-scroll");
    let worst = 0, last = null, frames = 0;
    const step = (now) => {
        if (last !== null) worst = Math.max(worst, now - last);
        last = now;
        if (++frames > 100) return done(worst);
        box.scrollTop += 50;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""


def figures(size: str) -> Iterator[Figure]:
    """The heatmap's figures for tenants of some sizes, in Chromium against the real server; RuntimeError without one.

    From the answer means from the last byte of the callback that fills the table, so that no server's time is in it.
    """
    chromium = next(
        (path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None
    )
    if chromium is None:
        raise RuntimeError("there is no browser; `make test` installs Debian's chromium")
    with tempfile.TemporaryDirectory() as folder, _warehouse(Path(folder)) as url:
        for departments in SIZES[size]:
            scope = made.tenant(f"T{departments}", departments, YEARS)
            once = people.add_user(_email(departments), "corporate_lead", scope.tenant_code)
            sessions.change_password(sessions.sign_in(_email(departments), once), once, _PASSWORD)
        with serving(url) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=_QUIET.split())
            for departments in SIZES[size]:
                page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
                page.set_default_timeout(_PATIENCE)
                yield from _heatmap(page, address, departments)
                page.context.close()
            browser.close()


def _email(departments: int) -> str:
    return f"lead{departments}@example.org"


@contextmanager
def _warehouse(folder: Path) -> Iterator[str]:
    """An empty warehouse on SQLite, which the environment names until the block ends."""
    url = f"sqlite:///{folder / 'browser.db'}"
    ours = {"ASSAY_DATABASE_URL": url, "ASSAY_SECRET": "a-secret-of-the-benchmarks-0123456789abcdef"}
    with environment(ours):
        try:
            upgrade()
            yield url
        finally:
            engine(url).dispose()


def _heatmap(page: Page, address: str, departments: int) -> Iterator[Figure]:
    sized = f"{departments:,} departments"
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(_email(departments))
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/heatmap?criterion=all", wait_until="commit")  # once, so that what is kept is kept
    _usable(page)

    def figure(what: str, value: float, unit: str = "s", at_most: float | None = None, note: str = "") -> Figure:
        return Figure("Browser", what, sized, value, unit, at_most=at_most, note=note)

    page.goto(f"{address}/heatmap?criterion=all", wait_until="commit")
    whole, after, told, sent = _usable(page)
    yield figure("heatmap of all elements usable, from the click", whole / 1000)
    yield figure("heatmap of all elements usable, from the answer", after / 1000, at_most=USABLE)
    yield figure("its answer", told / 1000, "kB", note=f"{sent / 1000:,.0f} kB as sent")
    day = f"{made.FIRST_YEAR + made.YEARS - 1}-06-30"
    for what, change in (
        ("after changing the day", {"as_of": day}),
        ("after closing the criteria", {"criterion": None}),
        ("after opening criterion 2", {"criterion": "2"}),
        ("after choosing a department", {"department": "D00020"}),
    ):
        whole, after, *_ = _usable(page, change)
        yield figure(
            f"heatmap usable {what}, from the answer", after / 1000, at_most=USABLE, note=f"{whole:,.0f} ms whole"
        )
    page.goto(f"{address}/heatmap?criterion=all", wait_until="commit")
    _usable(page)
    page.get_by_role("button", name="Open all").click()
    gap = page.evaluate(_SCROLLED)
    yield figure("longest wait for a picture, scrolling 5,000 pixels", gap / 1000, at_most=GAP)
    yield figure("elements in the page, all branches open", page.locator("*").count(), "elements")


def _usable(page: Page, change: dict[str, Any] | None = None) -> list[float]:
    """Milliseconds until the heatmap can be used, and from the answer; the answer's bytes, and those sent."""
    found: list[float] = page.evaluate(_USABLE, [_CELL, change])
    page.wait_for_load_state("networkidle")
    return found
