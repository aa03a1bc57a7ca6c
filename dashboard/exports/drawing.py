"""Charts of the screen drawn without a browser: a plain plotly figure of bars, lines and points as SVG, by matplotlib.

Only what our own figures use is known; a kind of trace that is not raises, so that no chart is drawn in part unseen.
"""

import io
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Literal

from dashboard import theme
from dashboard.exports.imprint import plain

WIDTH = 720.0  # points
_ONE_AT_A_TIME = Lock()  # matplotlib's settings are the process's
_DASHES = {"dot": ":", "dash": "--", "dashdot": "-.", "longdash": (0, (8, 4))}
_SYMBOLS = {"circle": "o", "square": "s", "diamond": "D", "x": "x", "cross": "+", "triangle-up": "^"}
_STEPS = {"hvh": "steps-mid", "hv": "steps-post", "vh": "steps-pre"}
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "assay",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.unicode_minus": True,
}


def drawn(figure: Mapping[str, Any], kind: Literal["svg", "png"] = "svg") -> tuple[bytes, float]:
    """A figure without its title as SVG or PNG, and its width in points; the same figure gives the same bytes.

    ValueError for a trace that is neither bar nor scatter.
    """
    import matplotlib
    from matplotlib.backends import backend_agg, backend_svg
    from matplotlib.figure import Figure

    layout = figure.get("layout", {})
    height = max(150.0, float(layout.get("height") or 280) * 0.85)
    is_equal = bool(layout.get("yaxis", {}).get("scaleanchor"))
    with _ONE_AT_A_TIME, matplotlib.rc_context(_SETTINGS):
        canvas: Any = Figure(figsize=(WIDTH / 72, height / 72), facecolor="none", layout="constrained")
        axes = canvas.add_subplot()
        _axes(axes, layout, is_equal)
        handles = _traces(axes, list(figure.get("data", ())), layout)
        _ticks(axes, layout)
        _annotations(axes, layout)
        if len(handles) > 1:
            _legend(canvas, handles)
        out = io.BytesIO()
        if kind == "svg":
            svg: Any = backend_svg.FigureCanvasSVG(canvas)
            svg.print_svg(out, metadata={"Date": None, "Creator": None})
        else:
            canvas.set_dpi(192)
            png: Any = backend_agg.FigureCanvasAgg(canvas)
            png.print_png(out, metadata={"Software": None})
    return out.getvalue(), WIDTH


def _words(text: object) -> str:
    """Text as matplotlib takes it: no dollar sign begins a formula; plotly's own line break is one."""
    return plain(str(text).replace("<br>", "\n")).replace("$", r"\$")


def _axes(axes: Any, layout: Mapping[str, Any], is_equal: bool) -> None:
    soft, strong = theme.colour("line"), theme.colour("line-strong")
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="both" if is_equal else "y", color=soft, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(strong)
    axes.tick_params(colors=theme.colour("ink"), length=3)
    for name, put in (("xaxis", axes.set_xlabel), ("yaxis", axes.set_ylabel)):
        title = layout.get(name, {}).get("title")
        text = title.get("text") if isinstance(title, Mapping) else title
        if text:
            put(_words(text), color=theme.colour("ink"))
    if is_equal:
        axes.set_aspect("equal", adjustable="datalim")


def _traces(axes: Any, traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Draws every trace; gives what the legend shows."""
    bars = [trace for trace in traces if trace.get("type") == "bar"]
    ways = layout.get("colorway") or [theme.colour("accent")]
    stacked: dict[Any, float] = {}
    handles = []
    for number, trace in enumerate(traces):
        ours = ways[number % len(ways)]
        if trace.get("type") == "bar":
            place = (bars.index(trace), len(bars)) if layout.get("barmode", "group") == "group" else (0, 1)
            handle = _bars(axes, trace, stacked, place, float(layout.get("bargap", 0.2)), ours)
        elif trace.get("type", "scatter") == "scatter":
            handle = _scatter(axes, trace, ours)
        else:
            raise ValueError(f"no chart of kind {trace.get('type')} can be drawn")
        if trace.get("name") and trace.get("showlegend", True):
            handles.append((handle, _words(trace["name"])))
    if any(trace.get("orientation") == "h" for trace in bars):
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x", color=theme.colour("line"), linewidth=0.6)
    return handles


def _bars(
    axes: Any, trace: Mapping[str, Any], stacked: dict[Any, float], place: tuple[int, int], gap: float, ours: str
) -> Any:
    """Bars of one trace, on top of those before in a stack, beside them in a group."""
    is_lying = trace.get("orientation") == "h"
    labels, sizes = (trace["y"], trace["x"]) if is_lying else (trace["x"], trace["y"])
    labels = [_words(label) for label in labels]
    marker = trace.get("marker", {})
    line = marker.get("line", {})
    look = {
        "color": marker.get("color") or ours,
        "edgecolor": line.get("color") or "none",
        "linewidth": 0.7 * float(line.get("width") or 0),
    }
    sizes = [float(size or 0) for size in sizes]
    under = [stacked.get(label, 0.0) if place[1] == 1 else 0.0 for label in labels]
    for label, size in zip(labels, sizes, strict=True):
        stacked[label] = stacked.get(label, 0.0) + size
    which, of = place
    wide = (1 - gap) / of
    unit = axes.yaxis if is_lying else axes.xaxis
    unit.update_units(labels)
    at = [float(number) - (1 - gap) / 2 + wide * (which + 0.5) for number in unit.convert_units(labels)]
    if is_lying:
        return axes.barh(at, sizes, wide, under, **look)
    return axes.bar(at, sizes, wide, under, **look)


def _scatter(axes: Any, trace: Mapping[str, Any], ours: str) -> Any:
    """Lines, points or both; text in the points where there is some."""
    mode = trace.get("mode", "lines+markers")
    line, marker = trace.get("line", {}), trace.get("marker", {})
    own = marker.get("color") if isinstance(marker.get("color"), str) else None
    colour = line.get("color") or own or ours
    symbol = str(marker.get("symbol", "circle"))
    size = marker.get("size", 6)
    x = [_words(value) if isinstance(value, str) else value for value in trace["x"]]
    y = [float("nan") if value is None else value for value in trace["y"]]
    look: dict[str, Any] = {"color": colour, "linestyle": "none"}
    if "lines" in mode:
        look["linestyle"] = _DASHES.get(line.get("dash", "solid"), "-")
        look["linewidth"] = 0.9 * float(line.get("width", 2))
        look["drawstyle"] = _STEPS.get(line.get("shape", "linear"), "default")
    if "markers" in mode:
        look["marker"] = _SYMBOLS.get(symbol.removesuffix("-open"), "o")
        look["markersize"] = 0.75 * float(size if isinstance(size, int | float) else 6)
        look["markerfacecolor"] = "none" if symbol.endswith("-open") else own or colour
        look["markeredgecolor"] = own or colour
    (handle,) = axes.plot(x, y, **look)
    if "text" in mode:
        font = trace.get("textfont", {})
        for across, up, text in zip(x, y, trace.get("text", ()), strict=False):
            axes.annotate(
                _words(text),
                (across, up),
                ha="center",
                va="center",
                fontsize=0.75 * float(font.get("size", 11)),
                color=font.get("color") or theme.colour("ink"),
            )
    return handle


def _ticks(axes: Any, layout: Mapping[str, Any]) -> None:
    """Ticks as the screen writes them: thousands, units after numbers, many labels turned; ranges as they are there."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for name, axis in (("xaxis", axes.xaxis), ("yaxis", axes.yaxis)):
        asked = layout.get(name, {})
        if isinstance(axis.get_major_formatter(), StrCategoryFormatter):
            many = [label.get_text() for label in axis.get_ticklabels()]
            if name == "xaxis" and sum(map(len, many)) > 110:
                axes.tick_params(axis="x", labelrotation=60)
                for label in axis.get_ticklabels():
                    label.set(ha="right", rotation_mode="anchor")
        else:
            after = str(asked.get("ticksuffix", ""))
            axis.set_major_formatter(FuncFormatter(lambda value, _, after=after: _words(f"{value:,.10g}{after}")))
            axis.set_major_locator(MaxNLocator(nbins=asked.get("nticks") or 6, integer=asked.get("tickformat") == ",d"))
        if asked.get("range"):
            low, high = asked["range"]
            (axes.set_xlim if name == "xaxis" else axes.set_ylim)(low, high)
        elif asked.get("rangemode") == "tozero":
            (axes.set_xlim if name == "xaxis" else axes.set_ylim)(0, None)
        if asked.get("autorange") == "reversed":
            axis.set_inverted(True)


def _annotations(axes: Any, layout: Mapping[str, Any]) -> None:
    """Words put at a place of the drawing, as "North" is; those bound to data stand there."""
    for note in layout.get("annotations", ()):
        where = "axes fraction" if str(note.get("xref", "x")) in ("paper", "x domain") else "data"
        side = note.get("xanchor", "center")
        axes.annotate(
            _words(note.get("text", "")),
            (note.get("x", 0), note.get("y", 0)),
            xycoords=where,
            ha=side if side in ("left", "right") else "center",
            va="top" if note.get("yanchor") == "top" else "bottom",
            color=theme.colour("ink"),
        )


def _legend(canvas: Any, handles: Sequence[tuple[Any, str]]) -> None:
    drawn_things = [handle for handle, _ in handles]
    # A label that begins with _ would be left out of the legend.
    labels = [f" {label}" if label.startswith("_") else label for _, label in handles]
    canvas.legend(
        drawn_things,
        labels,
        loc="outside upper left",
        ncols=min(6, len(labels)),
        frameon=False,
        labelcolor=theme.colour("ink"),
        fontsize=9,
    )
