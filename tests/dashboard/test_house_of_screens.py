"""Rules of the screens that can be read off their source (reliability.md A3, D6, D9, W15)."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from dashboard import components, shell, theme

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
OURS = [path for path in ASSETS.glob("*.js") if ".min." not in path.name]
SOURCES = sorted((ROOT / "dashboard").rglob("*.py"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_scripts_write_no_markup(path):
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
    assert re.findall(banned, path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_goes_round_the_parts(path):
    text = path.read_text("utf-8")
    if path.name != "components.py":
        assert "Graph(" not in text, "components.chart makes every graph"
    banned = r"dangerously_allow_html|DangerouslySetInnerHTML|\bIframe\(|srcDoc|DataTable\(|dcc\.Markdown|go\.Figure|plotly\.express"  # noqa: E501
    assert re.findall(banned, text) == []
    rejected = r"dcc\.(Dropdown|DatePicker\w*|Checklist|RadioItems|Slider|RangeSlider|Upload)\b|dbc\.(Tabs|Progress)\b"
    assert re.findall(rejected, text) == [], "axe rejects these (stack.md)"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_never_fetch_and_callbacks_never_call_each_other(path):
    imports = re.findall(r"^\s*(?:from|import) ([\w.]+)(?: import (.+))?", path.read_text("utf-8"), re.M)
    named = {f"{module}.{name.strip()}" for module, names in imports for name in (names or "").split(",")}
    if path.parent.name == "pages":
        assert not any(name.startswith(("dashboard.data", "db.", "dashboard.identity", "flask")) for name in named)
    if path.parent.name == "callbacks":
        assert not any(name.startswith("dashboard.callbacks") for name in named)


def test_every_table_of_a_plain_page_has_a_name_whether_the_demo_has_rows_for_it_or_not():
    """WCAG 1.3.1; tests/journeys asks what is drawn, which leaves out a table that would be empty."""
    templates = (ROOT / "dashboard" / "templates").rglob("*.html")
    tables = [(path.name, one) for path in templates for one in re.split("(?=<table)", path.read_text("utf-8"))[1:]]
    assert len(tables) > 10
    assert [name for name, one in tables if not re.match(r"<table[^>]*(aria-label=|>\s*<caption)", one)] == []


def test_no_style_or_script_asks_another_server():
    for path in [*OURS, *ASSETS.glob("*.css")]:
        addresses = set(re.findall(r"(?:url\(|@import )['\"]?(https?:)?//[^'\")]+", path.read_text("utf-8")))
        assert not addresses, path.name


def test_no_style_makes_a_browser_look_at_every_row_again_when_one_comes():
    """Any element after another (`legend + *`, as Bootstrap has it) marks all neighbours as depending on it."""
    for path in ASSETS.glob("*.css"):
        rules = re.findall(r"(?:^|[},])\s*([^{},>\s]+\s*[+~]\s*\*[^{},]*)[{,]", path.read_text("utf-8"))
        assert not rules, f"{path.name}: put what it lies in before it, as `fieldset > legend + *`"


def test_what_others_wrote_comes_with_its_licence():
    for name in ("bootstrap", "bootstrap-icons", "plotly.js"):
        assert "MIT" in (ASSETS / "licences" / f"{name}.txt").read_text("utf-8")


def test_the_charts_program_is_the_one_that_plotly_expects():
    from plotly.offline import get_plotlyjs_version

    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}" in _beginning()


def _beginning() -> str:
    with (ASSETS / "plotly-cartesian.min.js").open(encoding="utf-8") as file:
        return file.read(400)


def test_the_one_graph_sends_nothing_anywhere():
    config = components.GRAPH_CONFIG
    assert (config["showSendToCloud"], config["plotlyServerURL"], config["displaylogo"]) == (False, "", False)


# --- colours ----------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", theme.SCHEMES)
def test_words_stand_out_from_what_they_stand_on(scheme):
    """By 4.5:1, in high contrast by 7:1 (WCAG 1.4.3 and 1.4.6)."""
    colours = theme.palette(scheme)
    pairs = [(name, name.removesuffix("-ink")) for name in colours if re.fullmatch(r"band-.*-ink", name)]
    pairs += [(name.removesuffix("-soft"), name) for name in colours if re.fullmatch(r"status-.*-soft", name)]
    on = ("paper", "canvas", "sunken")
    pairs += [(ink, paper) for ink in ("ink", "ink-soft", "accent") for paper in on]
    pairs += [("bar-ink", "bar"), ("accent-ink", "accent"), ("ink", "accent-soft")]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < (7 if "contrast" in scheme else 4.5)} == {}


def test_high_contrast_leaves_no_colour_of_the_usual_look():
    usual, _, contrast = (ASSETS / "theme.css").read_text("utf-8").partition(':root[data-look="contrast"]')
    named = set(re.findall(r"--([\w-]+): (?:light-dark|#)", usual))
    assert named - set(re.findall(r"--([\w-]+): (?:light-dark|#)", contrast)) == set()


def test_charts_are_painted_in_the_look_that_is_worn():
    assert (ASSETS / "figures.css").read_text("utf-8") == theme.of_figures()


def test_the_looks_that_can_be_chosen_are_those_that_are_worn():
    script = (ASSETS / "look.js").read_text("utf-8")
    assert re.findall(r'"(\w+)"', re.search(r"const LOOKS = \[(.*?)\]", script)[1]) == list(shell.LOOKS)
    plain = (ROOT / "dashboard" / "templates" / "look.html").read_text("utf-8")
    assert re.findall(r'value="(\w+)">([^<]+)<', plain) == list(shell.LOOKS.items())


@pytest.mark.parametrize("scheme", theme.SCHEMES)
def test_every_band_of_every_age_stands_out_from_the_paper(scheme):
    """By its fill or by its edge: 3:1 (WCAG 1.4.11)."""
    colours = theme.palette(scheme)
    for name in [name for name in colours if re.fullmatch(r"band-\w+-[0-3]", name)]:
        edge = colours[f"{name.rsplit('-', 1)[0]}-edge"]
        assert max(contrast(colours[name], colours["paper"]), contrast(edge, colours["paper"])) >= 3, name


def test_bands_fade_one_way():
    colours = theme.palette()
    for band in ("plus", "compliant", "partial", "non"):
        light = [luminance(colours[f"band-{band}-{age}"]) for age in range(4)]
        assert all(older > newer for newer, older in pairwise(light)), band


def test_python_and_the_page_have_the_same_words_for_a_status():
    script = (ASSETS / "cells.js").read_text("utf-8")
    from dashboard.words import STATUS

    for code, words in STATUS.items():
        assert f'{code}: [said("{words}")' in script
    from dashboard.table import STATES

    for code in STATES:
        assert re.search(rf"^    {code}: \[", script, re.M)


def test_the_page_and_the_server_carry_the_same_filters_along():
    from dashboard.filters import CARRIED

    script = (ASSETS / "assay.js").read_text("utf-8")
    carried = re.search(r"const CARRIED = \[(.*?)\]", script)[1]
    assert re.findall(r'"(\w+)"', carried) == list(CARRIED)
