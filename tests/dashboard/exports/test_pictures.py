"""Pictures of tables and charts: they say what they are, and can be drawn whatever stands in them."""

import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from dashboard import figures, theme
from dashboard.exports import as_picture, drawing
from tests.exports_made import ABOUT, bars, heatmap, listed

ASKED = (("Department", "Highways"),)


def colours(made: bytes) -> dict[str, int]:
    picture = Image.open(io.BytesIO(made)).convert("RGB")
    return {"#{:02x}{:02x}{:02x}".format(*colour): number for number, colour in picture.getcolors(1 << 22)}


def test_a_table_comes_as_a_picture_in_the_colours_of_the_screen():
    found = colours(as_picture.grid_png(heatmap(6, 57), ABOUT, ASKED))
    for name in ("plus", "compliant", "partial", "non"):
        assert found[theme.colour(f"band-{name}-0")] > 2000, name


def test_a_chart_comes_as_a_picture_in_the_colours_of_the_screen():
    found = colours(as_picture.chart_png(bars(), ABOUT, ASKED))
    assert found[theme.colour("band-partial-0")] > 2000
    assert found[theme.colour("band-compliant-0")] > 2000


@pytest.mark.parametrize(
    ("made", "title", "words"),
    [
        (as_picture.grid_svg(heatmap(3, 5), ABOUT, ASKED), "Bands by department", "P is partial, N non-compliant."),
        (as_picture.chart_svg(bars("A < b & c"), ABOUT, ASKED), "A < b & c", "Parks has most partials: 4."),
    ],
)
def test_a_drawing_has_a_name_and_a_description_and_asks_for_nothing_elsewhere(made, title, words):
    root = ET.fromstring(made)
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{space}title") == title
    assert root.findtext(f"{space}desc") == words
    assert not [one for one in root.iter() if one.tag == f"{space}script"]
    links = [value for one in root.iter() for key, value in one.attrib.items() if key.endswith("href")]
    assert all(link.startswith(("#", "data:")) for link in links)


def test_a_picture_is_higher_with_what_it_was_asked_and_whose_it_is():
    """Text in drawings of typst is made of outlines, so what is there is told by what changes."""
    plain, asked = (as_picture.grid_png(listed("a"), ABOUT, filters) for filters in ((), ASKED))
    assert plain != asked
    assert as_picture.grid_png(listed("a"), ABOUT, ASKED) == asked


def test_a_table_of_nine_hundred_rows_is_no_higher_than_viewers_open():
    made = as_picture.grid_png(listed(*(f"Department {n}" for n in range(900))), ABOUT)
    assert Image.open(io.BytesIO(made)).height < 16_000


def test_a_figure_of_a_kind_that_nobody_has_drawn_yet_is_refused():
    with pytest.raises(ValueError, match="pie"):
        drawing.drawn(figures.figure([{"type": "pie", "values": [1]}]))


def test_bars_that_lie_are_as_long_as_their_numbers():
    parts = {
        "type": "bar",
        "orientation": "h",
        "y": ["a", "b"],
        "x": [1, 3],
        "marker": {"color": ["#123456", "#654321"]},
    }
    found = colours(drawing.drawn(figures.figure([parts]), "png")[0])
    assert found["#654321"] / found["#123456"] == pytest.approx(3, rel=0.05)
