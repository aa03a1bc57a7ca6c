"""Pictures of every page for the papers: `make pictures` serves the demo, looks at it and fills docs/screenshots.

Not a test: what it makes is looked at by people. Pages are those of the menu, so that none is forgotten.
"""

import io
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard import shell
from tests.journeys.screens import settled, signed_in_as
from tests.served import Served, demo_in, serving

BROWSER = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
# What is worth another look than the page as it opens.
ALSO = {
    "heatmap-elements": "/heatmap?criterion=all",
    "heatmap-cell": "/heatmap?cell=WST~4",
    "department-highways": "/department?department=HWY",
    "element-one": "/element?element=4.3.4",
}
PHONE = ("overview", "heatmap", "department", "reminders")
PACK_PAGES = 6


def kept(data: bytes, name: str) -> None:
    """A picture of few colours: a fifth of the bytes, and nobody sees it."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    FOLDER.mkdir(exist_ok=True)
    picture.save(FOLDER / f"{name}.png", optimize=True)
    print(f"docs/screenshots/{name}.png")


def pages(page: Page, url: str) -> None:
    """Every page of the menu as the lead opens it, and what is listed above."""
    for name, path in {**{known.name: known.path for known in shell.PAGES}, **ALSO}.items():
        page.goto(f"{url}{path}")
        settled(page)
        page.mouse.move(0, 0)
        kept(page.screenshot(), name)


def phone(browser: Browser, state: str, url: str) -> None:
    """Some pages on a phone, whole."""
    page = browser.new_context(storage_state=state, viewport={"width": 390, "height": 844}).new_page()
    paths = {known.name: known.path for known in shell.PAGES}
    for name in PHONE:
        page.goto(f"{url}{paths.get(name, f'/{name}')}")
        settled(page)
        kept(page.screenshot(), f"phone-{name}")


def dark(browser: Browser, state: str, url: str) -> None:
    """The heatmap in the dark."""
    context = browser.new_context(storage_state=state, viewport={"width": 1280, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{url}/heatmap")
    kept(settled(page).screenshot(), "heatmap-dark")


def meeting(browser: Browser, state: str, url: str) -> None:
    """Each step of a meeting, on a wall."""
    page = browser.new_context(storage_state=state, viewport={"width": 1920, "height": 1080}).new_page()
    page.goto(f"{url}/meeting")
    settled(page)
    page.get_by_role("button", name=re.compile("start", re.IGNORECASE)).first.click()
    page.wait_for_load_state("networkidle")
    for step in range(1, 9):
        kept(page.screenshot(), f"meeting-{step}")
        before = page.url + page.locator("body").inner_text()
        page.keyboard.press("ArrowRight")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        if page.url + page.locator("body").inner_text() == before:
            return


def pack(served: Served) -> None:
    """The first pages of the pack, from the PDF itself."""
    import pypdfium2

    from tests.served import assay

    with tempfile.TemporaryDirectory() as folder:
        assay("pack", "--tenant", "ASHCOMBE", "--out", folder, database_url=served.database_url)
        found = next(Path(folder).rglob("*.pdf"))
        document = pypdfium2.PdfDocument(found)
        for number in range(min(PACK_PAGES, len(document))):
            buffer = io.BytesIO()
            document[number].render(scale=1.4).to_pil().save(buffer, "png")
            kept(buffer.getvalue(), f"pack-{number + 1}")


def main() -> None:
    """All of them; with names of the parts above, those alone."""
    os.environ.setdefault("ASSAY_SECRET", secrets.token_hex(32))
    wanted = sys.argv[1:] or ["pages", "phone", "dark", "meeting", "pack"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        own = Path(folder) / "own"
        own.mkdir()
        path, passwords = demo_in(Path(folder), own)
        with serving(f"sqlite:///{path}") as url:
            served = Served(url, f"sqlite:///{path}", passwords)
            browser = play.chromium.launch(**BROWSER)  # type: ignore[arg-type]
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page, state = signed_in_as(served, context, "lead"), str(Path(folder) / "state.json")
            context.storage_state(path=state)
            for name in wanted:
                if name == "pages":
                    pages(page, url)
                elif name == "pack":
                    pack(served)
                else:
                    {"phone": phone, "dark": dark, "meeting": meeting}[name](browser, state, url)
            browser.close()


if __name__ == "__main__":
    main()
