"""Charts as native charts of slides, whose numbers whoever has the file can edit: bars, lines and points.

What a native chart cannot show the same way (bars and lines in one) comes as a picture with its words.
"""

import io
import re
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from dashboard import theme
from dashboard.exports import drawing
from dashboard.exports.deck import BOTTOM, SIDE, TEXT, TOP, WIDTH, Deck, points
from dashboard.exports.document import Chart
from dashboard.exports.imprint import Filters, plain

_SUMMARY = 64.0
_LETTERS = 14
# The numbers of a native chart are a workbook inside the file: text in it must not be run (reliability.md F8).
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_DASHES = {"dot": "ROUND_DOT", "dash": "DASH", "dashdot": "DASH_DOT", "longdash": "LONG_DASH"}
_SYMBOLS = {"circle": "CIRCLE", "square": "SQUARE", "diamond": "DIAMOND", "x": "X", "cross": "PLUS"}
Traces = Sequence[Mapping[str, Any]]


def add(deck: Deck, page: str, chart: Chart, filters: Filters, lead: str = "") -> None:
    """A slide with a chart and the sentence that says what it shows; `lead` stands above it."""
    words = f"{chart.title}. {chart.summary}".strip()
    slide = deck.slide(f"{page}: {chart.title}", filters=filters, notes=words)
    top = deck.lead(slide, lead)
    place = (SIDE, top, WIDTH - 2 * SIDE, BOTTOM - top - _SUMMARY)
    traces, layout = list(chart.figure.get("data", ())), chart.figure.get("layout", {})
    made = _native(slide, traces, layout, place)
    if made is None:
        picture = drawing.drawn(chart.figure, "png")[0]
        made = slide.shapes.add_picture(io.BytesIO(picture), *map(points, place[:2]), height=points(place[3]))
        made.width = min(made.width, points(place[2]))
    described = made._element.xpath(".//p:cNvPr")[0]
    described.set("name", plain(chart.title)[:200] or "Chart")
    described.set("descr", plain(words))
    deck.note(slide, chart.summary, _SUMMARY, TEXT)


def defused(text: object) -> str:
    """Text for the workbook inside a chart, where it can be no formula."""
    words = plain(str(text).replace("<br>", " ")).replace("\n", " ")
    return f"'{words}" if _FORMULA.match(words) else words


def _native(slide: Any, traces: Traces, layout: Mapping[str, Any], place: tuple[float, ...]) -> Any:
    """The chart's frame; None where it is none that PowerPoint has."""
    from pptx.enum.chart import XL_CHART_TYPE as KINDS

    kinds = {trace.get("type", "scatter") for trace in traces}
    if kinds == {"bar"} and len({trace.get("orientation", "v") for trace in traces}) == 1:
        is_lying, is_stacked = traces[0].get("orientation") == "h", layout.get("barmode") == "stack"
        kind = {
            (True, True): KINDS.BAR_STACKED,
            (True, False): KINDS.BAR_CLUSTERED,
            (False, True): KINDS.COLUMN_STACKED,
            (False, False): KINDS.COLUMN_CLUSTERED,
        }[is_lying, is_stacked]
        data = _by_category(traces, *(("y", "x") if is_lying else ("x", "y")))
    elif kinds == {"scatter"} and any(isinstance(value, str) for trace in traces for value in trace["x"]):
        kind, data = KINDS.LINE_MARKERS, _by_category(traces, "x", "y")
    elif kinds == {"scatter"}:
        kind, data = KINDS.XY_SCATTER, _by_number(traces)
    else:
        return None
    frame = slide.shapes.add_chart(kind, *map(points, place), data)
    _look(frame.chart, layout, traces)
    for series, trace, ours in zip(frame.chart.plots[0].series, traces, _ways(layout, len(traces)), strict=True):
        if kinds == {"bar"}:
            _bars(series, trace, ours)
        else:
            _line(series, trace, ours)
    return frame


def _ways(layout: Mapping[str, Any], number: int) -> list[str]:
    ways = layout.get("colorway") or [theme.colour("accent")]
    return [ways[at % len(ways)] for at in range(number)]


def _by_category(traces: Traces, along: str, size: str) -> Any:
    from pptx.chart import data as pptx_data

    labels = list(dict.fromkeys(str(value) for trace in traces for value in trace[along]))
    module: Any = pptx_data  # of which only a part is typed
    data = module.CategoryChartData()
    data.categories = [defused(label) for label in labels]
    for number, trace in enumerate(traces, start=1):
        own = {str(label): value for label, value in zip(trace[along], trace[size], strict=True)}
        data.add_series(defused(trace.get("name") or f"Series {number}"), [own.get(label) for label in labels])
    return data


def _by_number(traces: Traces) -> Any:
    from pptx.chart import data as pptx_data

    module: Any = pptx_data
    data = module.XyChartData()
    for number, trace in enumerate(traces, start=1):
        series = data.add_series(defused(trace.get("name") or f"Series {number}"))
        for across, up in zip(trace["x"], trace["y"], strict=True):
            if across is not None and up is not None:
                series.add_data_point(across, up)
    return data


def _rgb(colour: str) -> Any:
    from pptx.dml import color

    module: Any = color
    return module.RGBColor.from_string(colour.removeprefix("#").upper())


def _look(chart: Any, layout: Mapping[str, Any], traces: Traces) -> None:
    from pptx.enum.chart import XL_LEGEND_POSITION
    from pptx.util import Pt

    chart.has_title = False
    chart.font.size = Pt(_LETTERS)
    chart.font.color.rgb = _rgb(theme.colour("ink"))
    chart.has_legend = sum(bool(trace.get("name")) for trace in traces) > 1
    if chart.has_legend:
        chart.legend.position = XL_LEGEND_POSITION.TOP
        chart.legend.include_in_layout = False
    if traces and traces[0].get("type") == "bar":
        plot = chart.plots[0]
        plot.gap_width = 40
        if layout.get("barmode") == "stack":
            plot.overlap = 100
    names = ("yaxis", "xaxis") if traces and traces[0].get("orientation") == "h" else ("xaxis", "yaxis")
    for axis, name in zip((chart.category_axis, chart.value_axis), names, strict=True):
        asked = layout.get(name, {})
        title = asked.get("title")
        text = title.get("text") if isinstance(title, Mapping) else title
        axis.has_title = bool(text)
        if text:
            axis.axis_title.text_frame.text = plain(str(text))
        axis.format.line.color.rgb = _rgb(theme.colour("line-strong"))
        if axis.has_major_gridlines:
            axis.major_gridlines.format.line.color.rgb = _rgb(theme.colour("line"))
        if asked.get("ticksuffix"):
            axis.tick_labels.number_format = f'General"{plain(asked["ticksuffix"])}"'.replace("\n", " ")
            axis.tick_labels.number_format_is_linked = False
        elif asked.get("tickformat") == ",d":
            axis.tick_labels.number_format = "#,##0"
            axis.tick_labels.number_format_is_linked = False
        if asked.get("showticklabels") is False:
            axis.visible = False
    if layout.get("yaxis", {}).get("scaleanchor"):
        _equal(chart, traces)


def _equal(chart: Any, traces: Traces) -> None:
    """Equal scales for a plan, as nearly as a native chart allows: both axes to one length for their side."""
    from pptx.enum.chart import XL_TICK_LABEL_POSITION

    room = ((WIDTH - 2 * SIDE) * 0.92, (BOTTOM - TOP - _SUMMARY) * 0.8)  # of which axes and legend take a part
    across = [value for trace in traces for value in trace["x"] if value is not None] or [0.0]
    up = [value for trace in traces for value in trace["y"] if value is not None] or [0.0]
    spans = [max(max(own) - min(own), 0.5) * 1.2 for own in (across, up)]
    unit = max(span / side for span, side in zip(spans, room, strict=True))
    wanted = unit * room[1] / 5
    step = next(one * 10**power for power in range(-2, 6) for one in (1, 2, 5) if one * 10**power >= wanted)
    for axis, own, side in zip((chart.category_axis, chart.value_axis), (across, up), room, strict=True):
        middle = (max(own) + min(own)) / 2
        axis.minimum_scale = step * floor((middle - unit * side / 2) / step)
        axis.maximum_scale = step * ceil((middle + unit * side / 2) / step)
        axis.major_unit = step
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW


def _bars(series: Any, trace: Mapping[str, Any], ours: str) -> None:
    marker = trace.get("marker", {})
    colour = marker.get("color") or ours
    line = marker.get("line", {}).get("color")
    series.invert_if_negative = False
    many = list(colour) if not isinstance(colour, str) else []
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = _rgb(many[0] if many else colour)
    if isinstance(line, str):
        series.format.line.color.rgb = _rgb(line)
    for place, own in enumerate(many):
        fill = series.points[place].format.fill
        fill.solid()
        fill.fore_color.rgb = _rgb(own)
    if trace.get("text"):
        series.data_labels.show_value = True


def _line(series: Any, trace: Mapping[str, Any], ours: str) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    mode, line, marker = trace.get("mode", "lines+markers"), trace.get("line", {}), trace.get("marker", {})
    own = marker.get("color") if isinstance(marker.get("color"), str) else None
    colour = line.get("color") or own or ours
    series.smooth = False
    if "lines" in mode:
        series.format.line.color.rgb = _rgb(colour)
        series.format.line.width = Pt(2)
        if line.get("dash") in _DASHES:
            series.format.line.dash_style = getattr(MSO_LINE, _DASHES[line["dash"]])
    else:
        series.format.line.fill.background()
    if "markers" not in mode:
        series.marker.style = XL_MARKER_STYLE.NONE
        return
    symbol = str(marker.get("symbol", "circle"))
    series.marker.style = getattr(XL_MARKER_STYLE, _SYMBOLS.get(symbol.removesuffix("-open"), "CIRCLE"))
    size = marker.get("size")
    series.marker.size = int(size) if isinstance(size, int | float) and 2 <= size <= 72 else 8
    series.marker.format.line.color.rgb = _rgb(own or colour)
    if symbol.endswith("-open"):
        series.marker.format.fill.background()
    else:
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _rgb(own or colour)
    if "text" in mode:
        _numbered(series, trace)


def _numbered(series: Any, trace: Mapping[str, Any]) -> None:
    """The words in each point, as a label of it."""
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    for place, text in enumerate(trace.get("text", ())):
        label = series.points[place].data_label
        label.text_frame.text = plain(str(text))
        label.position = XL_LABEL_POSITION.CENTER
        for run in label.text_frame.paragraphs[0].runs:
            run.font.size = Pt(12)
            run.font.bold = True
            run.font.color.rgb = _rgb(trace.get("textfont", {}).get("color") or theme.colour("ink"))
