"""Help on figures: every page and sign has it, and every rule it names is written down."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from dashboard import components, explained, shell, table

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = {
    line.lstrip("# ").partition(" (`")[0].strip()
    for name in ("scheme", "sending")
    for line in (ROOT / "docs" / f"{name}.md").read_text("utf-8").splitlines()
    if line.startswith("#")
}


def test_every_page_of_the_menu_says_what_it_is_for():
    assert set(explained.PAGES) == {page.name for page in shell.PAGES}


@pytest.mark.parametrize("key", explained.TERMS)
def test_a_figure_names_a_rule_that_is_written_down(key):
    term = explained.TERMS[key]
    assert term.rule in HEADINGS
    assert term.means.endswith(".")
    assert len(term.means) < 320, "a reader has ten seconds"


def test_pages_name_figures_that_are_explained():
    named = {key for about in explained.PAGES.values() for key in about.terms}
    for path in (ROOT / "dashboard" / "pages").glob("*.py"):
        named |= set(re.findall(r'explains="(\w+)"', path.read_text("utf-8")))
    assert named - set(explained.TERMS) == set()


def test_every_figure_that_is_explained_stands_somewhere():
    named = {key for about in explained.PAGES.values() for key in about.terms}
    for path in (ROOT / "dashboard" / "pages").glob("*.py"):
        named |= set(re.findall(r'explains="(\w+)"', path.read_text("utf-8")))
    assert set(explained.TERMS) - named - set(get_args(table.Kind)) == set()


def test_every_kind_of_cell_that_is_a_sign_is_explained():
    plain = {"text", "number", "day", "link"}
    assert set(get_args(table.Kind)) - plain - set(explained.TERMS) == set()


def test_the_page_has_the_words_of_every_page_by_its_path():
    known = json.loads(explained.told({page.name: page.path for page in shell.PAGES}))
    assert known["pages"]["/heatmap"]["q"].startswith("Where is it hot")
    assert known["terms"]["headroom"][3] == "3"


def test_a_heading_has_help_only_where_it_is_asked_for():
    assert "data-explain" not in str(components.card("Title", "text"))
    assert "headroom" in str(components.card("Title", explains="headroom"))
    with pytest.raises(KeyError):
        components.card("Title", explains="nothing of ours")
