"""What everybody needs of a page, asked of it in a browser: each question gives its faults, a sentence for each.

The criteria are those of WCAG 2.2, levels A and AA; the rules are reliability.md A1 and A3 to A8. What has to be asked
inside the page stands in everybody.js.
"""

import io
import re
from datetime import date
from pathlib import Path

import pypdfium2
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page

from dashboard.accessibility import KNOWN
from dashboard.words import day
from tests.journeys.screens import PATIENCE
from tests.served import Served

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 320, "height": 800}
SETTLES = 120  # milliseconds in which a page takes another width or size of text
TIMES = 40  # so often it is asked again whether it has, by a machine that is slow
# Rows beyond these are drawn by the same code; the tests of single pages show axe all of them.
_FURTHER_ROWS = {"exclude": [["tbody tr:nth-child(n+13)"]]}
_SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")
# What a reader may set, whose text is then no less readable (1.4.12).
_SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }
"""


def signed_in(served: Served, browser: Browser, who: str, tenant: str = "ASHCOMBE") -> Page:
    """A page of one of the demo's people in an organisation, in a window of its own, in which nothing moves."""
    page = stranger(browser)
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("E-mail address").fill(served.email(who))
    page.get_by_label("Password").fill(served.passwords[who])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    if "/choose-tenant" in page.url:
        page.locator(f'button[value="{tenant}"]').click()
        page.wait_for_url(f"{served.url}/", timeout=PATIENCE)
    return page


def stranger(browser: Browser) -> Page:
    """A page of somebody who has not signed in."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport=DESK, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    return page


def is_faultless(faults: list[str]) -> None:
    """Assert that there are no faults but those that the accessibility statement tells."""
    excused = [re.compile(one.found_by) for one in KNOWN if one.found_by]
    wrong = [fault for fault in faults if not any(pattern.search(fault) for pattern in excused)]
    assert not wrong, "\n".join(wrong)


def asked(page: Page, question: str, most: int = 5) -> list[str]:
    """What a question of everybody.js finds, at most so many."""
    found: list[str] = page.evaluate(f"() => {{ {_SCRIPT}; return window.everybody.{question}(); }}")
    return found[:most]


def questions(page: Page) -> list[str]:
    """The faults of a page in the state in which it is; the last question leaves a window of 1280 pixels."""
    return [*named(page), *axe(page), *asked(page, "tables"), *asked(page, "moving"), *narrow(page)]


def looks_of(page: Page) -> list[str]:
    """The faults of a page in the dark, enlarged, spaced, in forced colours."""
    return [*in_the_dark(page), *enlarged(page), *spaced(page), *in_forced_colours(page)]


def named(page: Page) -> list[str]:
    """What a page does not say of itself: language, title, one first heading, the statement (2.4.2, 3.1.1; A10)."""
    faults = []
    if not (page.get_attribute("html", "lang") or "").startswith(("en", "cy")):
        faults.append("has no language")
    if not re.fullmatch(r"\S.* – Assay", page.title()):
        faults.append(f"has the title {page.title()!r}")
    if page.locator("h1:visible").count() != 1:
        faults.append(f"has {page.locator('h1:visible').count()} first headings")
    if not page.locator('a[href$="/accessibility"]').count():
        faults.append("does not lead to the accessibility statement")
    return faults


def axe(page: Page, *rules: str) -> list[str]:
    """What axe finds by these rules, or by all; of a long table in its first twelve rows."""
    found = Axe().run(page, _FURTHER_ROWS, {"runOnly": list(rules) or TAGS, "resultTypes": ["violations"]})
    return [
        f"axe {one['id']}: {node['html'][:140]} {node['target']}"
        for one in found.response["violations"]
        for node in one["nodes"][:3]
    ]


def walk(page: Page, most: int = 600) -> list[str]:
    """What is wrong on the way by Tab from the top of a page to its end, and back (2.1.1, 2.1.2, 2.4.7, 2.4.11)."""
    page.evaluate(f"() => {{ {_SCRIPT}; window.everybody.begin(); }}")
    faults: list[str] = []
    met: list[int] = []
    here = None
    while len(met) < most:
        page.keyboard.press("Tab")
        here = page.evaluate("window.everybody.here()")
        if here is None:
            break
        met.append(here["number"])
        faults += here["faults"]
        if met[-here["stops"] - 1 :] == [here["number"]] * (here["stops"] + 1):
            return [*faults[:5], f"Tab is caught at {here['said']}"]
        if here["isLast"]:
            break
    if not here or not here["isLast"]:
        faults.append("Tab never comes to the end of the page")
    faults += page.evaluate("window.everybody.left()")
    for _ in range(len(met) * 2 + 30):
        page.keyboard.press("Shift+Tab")
        here = page.evaluate("window.everybody.here()")
        if here is None or here["number"] == met[0]:
            break
    else:
        faults.append("Shift+Tab never comes back to the top")
    page.evaluate("document.activeElement.blur()")
    return faults[:10]


def lost(page: Page, *asking: str) -> list[str]:
    """What these questions find once the page has taken another width or size of text."""
    found: list[str] = []
    for _ in range(TIMES):
        page.wait_for_timeout(SETTLES)
        found = [one for question in asking for one in asked(page, question)]
        if not found:
            break
    return found


def narrow(page: Page) -> list[str]:
    """What is lost at 320 pixels, which is 1280 at 400 % (1.4.10)."""
    page.set_viewport_size(PHONE)
    faults = [f"at 320 px {one}" for one in lost(page, "sideways", "cut")]
    page.set_viewport_size(DESK)
    return faults


def enlarged(page: Page) -> list[str]:
    """What is lost with text of 200 % (1.4.4)."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = lost(page, "sideways", "cut", "low")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return [f"with text of 200 % {one}" for one in found]


def spaced(page: Page) -> list[str]:
    """What is lost with more space between letters, words, lines and paragraphs (1.4.12)."""
    style = page.add_style_tag(content=_SPACED)
    found = lost(page, "sideways", "cut")
    style.evaluate("style => style.remove()")
    return [f"with spaced text {one}" for one in found]


def in_forced_colours(page: Page) -> list[str]:
    """What is no longer told where the reader's few colours are forced on the page (1.4.1, 1.4.11)."""
    page.emulate_media(forced_colors="active")
    faults = [f"in forced colours {one}" for one in asked(page, "forced")]
    page.emulate_media(forced_colors="none")
    return faults


def in_the_dark(page: Page) -> list[str]:
    """What cannot be read in dark colours (1.4.3)."""
    page.emulate_media(color_scheme="dark")
    faults = [f"in the dark {one}" for one in axe(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    return faults


def opened(page: Page) -> None:
    """Open everything of a page that can be opened where it stands; the menus that lie over it are not among them.

    From the top: a row that is halfway under the head of its table, where the walk has left it, is no small target.
    """
    page.evaluate("document.querySelectorAll('main details:not(.t-take)').forEach((one) => { one.open = true; })")
    page.evaluate("for (const one of document.querySelectorAll('html, main *')) one.scrollTo(0, 0)")


def menu(page: Page) -> list[str]:
    """What is wrong with the menu of a table's or a chart's files where it is open: the first one; none where none."""
    if not page.locator("details.t-take").count():
        return []
    page.evaluate("document.querySelector('details.t-take').open = true")
    found = Axe().run(page, {"include": [["details.t-take[open]"]]}, {"runOnly": TAGS, "resultTypes": ["violations"]})
    faults = [
        f"in the menu of files {one['id']}: {one['nodes'][0]['html'][:140]}" for one in found.response["violations"]
    ]
    return [*faults, *narrow(page)]


def printed(page: Page) -> list[str]:
    """What is wrong with a page on paper: what must stand on it, what must not, and what runs over its edge."""
    heading, whose = page.locator("h1").inner_text(), page.locator(".who .tenant").inner_text()
    days = page.locator(".filters input[type=date]").evaluate_all("all => all.map(one => one.value).filter(Boolean)")
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    texts = [sheet.get_textpage() for sheet in document]
    said = " ".join(" ".join(text.get_text_range() for text in texts).split())
    joined = "".join(said.split())  # large letters that are set close are read back with spaces between them
    wanted = [heading, whose, *(day(date.fromisoformat(one)) for one in days)]
    faults = [
        f"on paper {words!r} is missing" for words in dict.fromkeys(wanted) if "".join(words.split()) not in joined
    ]
    controls = ("Sign out", "Reset filters", "Open all", "Skip to the content")
    faults += [f"on paper there is a control: {words}" for words in controls if words in said]
    for number, (sheet, text) in enumerate(zip(document, texts, strict=True), 1):
        for rectangle in range(text.count_rects()):
            left, _, right, _ = text.get_rect(rectangle)
            if left < 0 or right > sheet.get_width():
                faults.append(f"on sheet {number} text runs over the edge")
                break
    return faults[:5]


def contrast_of(picture: bytes) -> float:
    """The contrast between the lightest and the darkest twentieth of a picture, as WCAG counts it."""
    grey = Image.open(io.BytesIO(picture)).convert("RGB")
    pixels = grey.tobytes()
    parts = sorted(_luminance(pixels[i : i + 3]) for i in range(0, len(pixels), 3))
    few = max(1, len(parts) // 20)
    return (sum(parts[-few:]) / few + 0.05) / (sum(parts[:few]) / few + 0.05)


def _luminance(colour: bytes) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
