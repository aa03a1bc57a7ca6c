"""Slides read back: tables and charts that can be edited, letters that can be read, words for whom cannot see."""

import io
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import PP_PLACEHOLDER

from dashboard import figures, theme
from dashboard.exports.as_slides import slides
from dashboard.exports.deck import BOTTOM, HEIGHT, WIDTH, points
from dashboard.exports.document import Chart, Facts, Heading, Paragraph, Points
from tests.exports_made import ABOUT, bars, document, every_kind, heatmap, listed


def read(made: bytes) -> Any:
    return Presentation(io.BytesIO(made))


@pytest.fixture(scope="module")
def deck() -> Any:
    return read(slides(every_kind()))


def tables(deck: Any) -> list[Any]:
    return [shape for slide in deck.slides for shape in slide.shapes if shape.has_table]


def words(slide: Any) -> str:
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_slides_are_wide_and_each_has_a_title_of_its_own_in_the_place_for_titles(deck):
    assert (deck.slide_width, deck.slide_height) == (points(WIDTH), points(HEIGHT))
    assert deck.slide_width * 9 == deck.slide_height * 16
    titles = [slide.shapes.title.text for slide in deck.slides]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_two_charts_of_one_title_have_slides_of_different_titles():
    titles = [slide.shapes.title.text for slide in read(slides(document(bars(), bars()))).slides]
    assert len(titles) == 4
    assert len(set(titles)) == 4


def test_every_slide_has_its_snapshot_and_number_at_its_foot(deck):
    for place, slide in enumerate(deck.slides):
        told = {one.placeholder_format.type: one.text_frame.text for one in slide.placeholders}
        foot = told[PP_PLACEHOLDER.FOOTER]
        assert "As of 22 November 2026" in foot
        assert "known at 22 November 2026 at 13:20 UTC, load 88" in foot
        assert "All data here is fictional" in foot
        assert place == 0 or "Department: Highways" in foot
        assert PP_PLACEHOLDER.SLIDE_NUMBER in told


def test_a_table_is_native_with_its_header_flagged_and_the_colours_of_the_screen(deck):
    first = next(shape for shape in tables(deck) if shape.name == "Bands by department")
    assert first.table.first_row
    assert first.table.first_col
    assert [cell.text for cell in first.table.rows[0].cells][:4] == ["Department", "1.1.1", "1.1.2", "1.1.3"]
    painted = first.table.cell(1, 1)
    assert str(painted.fill.fore_color.rgb) == theme.colour("band-plus-0").removeprefix("#").upper()
    assert painted.text == "+"
    assert "P is partial" in first._element.nvGraphicFramePr.cNvPr.get("descr")


def test_a_wide_table_goes_on_over_slides_with_its_first_column_and_loses_nothing():
    grid = heatmap(25, 57)
    found = tables(read(slides(document(grid))))
    seen: dict[tuple[str, str], str] = {}
    for shape in found:
        head, *rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        assert head[0] == "Department"
        for row in rows:
            seen |= {(row[0].split("\n")[0], code): sign for code, sign in zip(head[1:], row[1:], strict=True)}
    wanted = {
        (row.cells[0].shown, column.title.split(" ")[0]): cell.shown
        for row in grid.rows
        for column, cell in zip(grid.columns[1:], row.cells[1:], strict=True)
    }
    assert seen == wanted


def test_a_long_table_of_a_pack_ends_with_how_many_rows_there_are_and_one_taken_alone_has_them_all():
    grid = heatmap(60, 3)
    pack, alone = (read(slides(document(grid, pages=pages))) for pages in (2, 1))
    rows = [sum(len(shape.table.rows) - 1 for shape in tables(deck)) for deck in (pack, alone)]
    assert rows == [2 * 45, 60]
    assert any("The first 45 of 60 rows; PDF and workbook have them all." in words(slide) for slide in pack.slides)
    assert not any("The first 45" in words(slide) for slide in alone.slides)


def test_letters_are_large_enough_and_nothing_reaches_beyond_its_place(deck):
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_table:
                sizes = {int(size) for size in shape._element.xpath(".//a:rPr/@sz")}
                assert min(sizes) >= 1000
                height = sum(row.height for row in shape.table.rows)
                assert shape.top + height <= points(BOTTOM) + 1
                assert shape.left + sum(column.width for column in shape.table.columns) <= points(WIDTH)
    sizes = deck.slide_master.element.xpath(".//p:bodyStyle/*/a:defRPr/@sz")
    assert {int(size) for size in sizes} == {1800}


def test_a_stacked_chart_is_native_with_its_numbers_colours_and_words(deck):
    (frame, *_) = [shape for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert frame.chart.chart_type == XL_CHART_TYPE.COLUMN_STACKED
    assert list(frame.chart.plots[0].categories) == ["Highways", "Parks"]
    told = {one.name: (list(one.values), str(one.format.fill.fore_color.rgb)) for one in frame.chart.plots[0].series}
    assert told == {
        "Partial": ([3.0, 4.0], theme.colour("band-partial-0").removeprefix("#").upper()),
        "Compliant": ([20.0, 30.0], theme.colour("band-compliant-0").removeprefix("#").upper()),
    }
    assert frame._element.nvGraphicFramePr.cNvPr.get("descr") == "Bands over time. Parks has most partials: 4."


def test_what_a_chart_shows_stands_in_the_notes(deck):
    slide = next(one for one in deck.slides if any(shape.has_chart for shape in one.shapes))
    assert "Parks has most partials: 4." in slide.notes_slide.notes_text_frame.text
    assert "Parks has most partials: 4." in words(slide)


def charted(*made: figures.Figure) -> list[Any]:
    blocks = (Chart(f"chart-{n}", f"Chart {n}", "It shows something.", figure) for n, figure in enumerate(made))
    return [
        next(one for one in slide.shapes if one.has_chart or one.shape_type.name == "PICTURE")
        for slide in read(slides(document(*blocks))).slides
    ]


def test_lines_and_points_are_native_and_what_is_neither_comes_as_a_picture_with_words():
    periods = pl.DataFrame({"period": ["Q1", "Q2"], "achieved": [80.0, None], "target": [1.0, 2.0], "benchmark": None})
    sites = pl.DataFrame(
        {"site_code": "A", "site_name": "Hall", "state": ["must", "open"], "latitude": [51.5, 51.6], "longitude": -1.0}
    )
    mixed = figures.figure([{"type": "bar", "x": ["a"], "y": [1]}, {"type": "scatter", "x": ["a"], "y": [2]}])
    line, plan, picture = charted(
        figures.periods(periods.with_columns(pl.col("benchmark").cast(pl.Float64)), "%"),
        figures.plan(sites, {"must": "Must", "open": "Open", "visited": "Visited"}),
        mixed,
    )
    assert line.chart.chart_type in (XL_CHART_TYPE.LINE, XL_CHART_TYPE.LINE_MARKERS)
    assert [one.name for one in line.chart.plots[0].series] == ["Achieved", "Target"]
    assert list(line.chart.plots[0].series[0].values) == [80.0, None]
    assert plan.chart.chart_type == XL_CHART_TYPE.XY_SCATTER
    assert picture.shape_type.name == "PICTURE"
    assert picture._element.nvPicPr.cNvPr.get("descr") == "Chart 2. It shows something."


def test_no_text_in_the_workbook_inside_a_chart_is_a_formula():
    frame = charted(bars("x", ("=1+1", "@SUM(A1)")).figure)[0]
    sheet = load_workbook(io.BytesIO(frame.chart.part.chart_workbook.xlsx_part.blob)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert sheet["A2"].value == "'=1+1"


def test_one_sentence_before_a_table_stands_above_it_and_a_long_text_goes_on():
    (slide,) = read(slides(document(Paragraph("2 fail.", "lead"), listed("a", "b")))).slides
    assert "2 fail." in words(slide)
    many = read(slides(document(Points(tuple(f"Point {n} of many" for n in range(60)))))).slides
    told = "\n".join(words(slide) for slide in many)
    assert all(f"Point {n} of many" in told for n in range(60))
    assert len(many) > 3


def test_a_cell_longer_than_a_slide_goes_on_in_the_next():
    text = " ".join(f"word{n}" for n in range(2500))
    found = tables(read(slides(document(listed(text)))))
    told = " ".join(row.cells[0].text for shape in found for row in list(shape.table.rows)[1:])
    assert told.split() == text.split()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=5, max_size=5))
def test_any_text_makes_slides_that_open_again(texts: list[str]):
    one, two, three, four, five = texts
    grid = replace(listed(one, two), caption=three, note=four)
    blocks = (
        Heading(2, five),
        Paragraph(one),
        Points((two,)),
        Facts(((three, four),)),
        grid,
        bars(five, (one, two + "x")),
    )
    about = replace(ABOUT, tenant_name=two, made_for=three, profiles=(four,))
    assert len(read(slides(document(*blocks, title=five, about=about))).slides) >= 3
