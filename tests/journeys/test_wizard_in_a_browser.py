"""The mapping of a sender's file as an administrator meets it: the real server, a real file, a real browser."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, scrolls_one_way, signed_in_as, tabs_until

ROWS = (
    "Résultats 2025;;;;",
    "Service;Réf. du critère;Date;Niveau;Remarques",
    *(f"LIB;1.1.{n};13/04/2025;Vert;bien" for n in (1, 2, 3)),
    *(f"LIB;1.2.{n};05/04/2025;Orange;" for n in (1, 2, 3)),
)


def is_sound(page: Page) -> None:
    """Assert that axe finds nothing and nothing scrolls sideways, wide and narrow."""
    page.wait_for_load_state()  # a click waits for the beginning of the page to which it leads
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        told = [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found.response["violations"]]
        assert told == [], (page.title(), width)
        assert scrolls_one_way(page), (page.title(), width)


def test_a_senders_file_is_mapped_with_the_keyboard_tried_and_kept(own, new_context, tmp_path):
    file = tmp_path / "résultats.csv"
    file.write_text("\n".join(ROWS), "utf-8")
    page = signed_in_as(own, new_context(bypass_csp=True), "administrator")
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{own.url}/administration/sources")
    page.get_by_role("link", name="Map a sender's file").click()
    is_sound(page)
    page.get_by_label("A file of this sender").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What each column is")
    expect(page.get_by_label("What Niveau (column 4) is")).to_have_value("3:band")
    expect(page.get_by_role("main")).to_contain_text("13/04/2025 can only be read with the day first")
    is_sound(page)

    tabs_until(page, "here.id === 'column-4'", most=60)
    page.keyboard.type("Comment")
    expect(page.get_by_label("What Remarques (column 5) is")).to_have_value("4:comment")
    page.get_by_label("Assessment type").select_option("annual_review")
    tabs_until(page, "here.textContent === 'Go on'", most=30)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the words mean")
    is_sound(page)
    page.get_by_label("Vert").select_option(label="Compliant")
    page.get_by_label("Orange").select_option(label="Partial")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Try it")
    expect(page.get_by_role("row", name=re.compile("résultats.csv"))).to_contain_text("Results")
    is_sound(page)
    page.get_by_label("Code", exact=False).first.fill("LIB-2025")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status")).to_contain_text("The source LIB-2025 is kept")
    expect(page.get_by_role("heading", level=1)).to_have_text("Source LIB-2025")
    assert faults == []
