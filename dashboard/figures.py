"""Figures: pure functions from frames to plain dictionaries, which cost a fortieth of plotly's own classes."""

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Any

import polars as pl

from dashboard import theme
from scheme.standard import Standard

Figure = dict[str, Any]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"


def figure(traces: Sequence[dict[str, Any]], *, height: int = 280, **layout: Any) -> Figure:
    """A figure in the house's look: `traces` as plotly.js takes them, `layout` on top of ours."""
    axis = {
        "gridcolor": theme.colour("line"),
        "linecolor": theme.colour("line-strong"),
        "zerolinecolor": theme.colour("line-strong"),
        "automargin": True,
        "fixedrange": True,
    }
    ours: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"family": FONT, "size": 13, "color": theme.colour("ink")},
        "paper_bgcolor": theme.colour("paper"),
        "plot_bgcolor": theme.colour("paper"),
        "hoverlabel": {"font": {"family": FONT}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "transition": {"duration": 0},
        "dragmode": False,
        "colorway": [theme.colour(name) for name in ("accent", "band-partial-0", "band-non-0", "line-strong")],
        "xaxis": axis | layout.pop("xaxis", {}),
        "yaxis": axis | layout.pop("yaxis", {}),
    }
    return {"data": list(traces), "layout": ours | layout}


MARKERS = "diamonds must be visited, open circles are still to visit, squares were visited"
_MARKERS = {"visited": ("square", "accent"), "open": ("circle-open", "ink"), "must": ("diamond", "status-fails")}
_KILOMETRES = 111.32  # of one degree of latitude


def plan(placed: pl.DataFrame, words: Mapping[str, str]) -> Figure:
    """Sites by kilometres east and north of their middle, equal scales, north up; no map, so nobody else is asked.

    `placed`: site_code, site_name, state (must, open, visited), latitude, longitude (degrees); `words` names states.
    """
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    middle = placed.select(latitude.mean(), longitude.mean()).row(0)
    apart = placed.with_columns(
        north=((latitude - middle[0]) * _KILOMETRES).round(2),
        east=((longitude - middle[1]) * _KILOMETRES * cos(radians(middle[0]))).round(2),
        name=pl.coalesce("site_name", "site_code"),
    )
    traces = []
    for state, (symbol, colour) in _MARKERS.items():
        own, paint = apart.filter(pl.col("state") == state), theme.colour(colour)
        if own.height:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": words[state],
                    "x": own["east"].to_list(),
                    "y": own["north"].to_list(),
                    "text": own["name"].to_list(),
                    "hovertemplate": "%{text}<extra>" + words[state] + "</extra>",
                    "marker": {"symbol": symbol, "size": 11, "color": paint, "line": {"width": 2, "color": paint}},
                }
            )
    axis = {"zeroline": False, "ticksuffix": " km", "constrain": "domain"}
    corner = {"xref": "x domain", "yref": "y domain", "x": 1, "y": 1, "xanchor": "right", "yanchor": "top"}
    north = {"text": "↑ North", "showarrow": False, "bgcolor": theme.colour("paper"), **corner}
    tied = {**axis, "scaleanchor": "x"}
    return figure(traces, height=440, xaxis=axis, yaxis=tied, hovermode="closest", annotations=[north])


def stacked(labels: Sequence[str], bars: Sequence[tuple[str, str, Sequence[int]]]) -> Figure:
    """Stacked columns: a label for each, and for each part its name, colour and numbers, the lowest part first."""
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": list(labels),
            "y": list(numbers),
            "marker": {"color": colour, "line": {"width": 1, "color": theme.colour("line-strong")}},
            "hovertemplate": "%{x}: %{y:,} " + name.lower() + "<extra></extra>",
        }
        for name, colour, numbers in bars
    ]
    return figure(traces, barmode="stack", bargap=0.25, xaxis={"type": "category"}, yaxis={"tickformat": ",d"})


def band_counts(rows: pl.DataFrame, standard: Standard) -> Figure:
    """How many elements were in each band after each of several days, as bars stacked from the worst up.

    `rows`: on (Date), the bands and not_assessed (counts); a day that is there twice is drawn once, as it ended.
    """
    days = rows.unique("on", keep="last", maintain_order=True)
    told = [(None, "not_assessed", "Not assessed"), *((b.code, b.code, b.label) for b in reversed(standard.bands))]
    traces = []
    for band, column, words in told[1:] + told[:1]:
        counts = days[column].fill_null(0).to_list()
        if not any(counts):
            continue
        traces.append(
            {
                "type": "bar",
                "name": words,
                "x": [f"{on.day} {on:%b %Y}" for on in days["on"]],
                "y": counts,
                "marker": {"color": theme.band_colour(band), "line": {"width": 1, "color": theme.colour("paper")}},
                "hovertemplate": "%{y} " + words.lower() + "<extra>%{x}</extra>",
            }
        )
    axes = {"xaxis": {"type": "category"}, "yaxis": {"title": {"text": "Elements"}}}
    return figure(traces, height=220, barmode="stack", bargap=0.35, **axes)


def periods(own: pl.DataFrame, unit: str) -> Figure:
    """A promise's last periods: achieved as a line with points, its target dotted, a benchmark as crosses.

    `own`: rows of scheme.service_standards.SERIES of one promise, in their order.
    """
    at = own["period"].to_list()
    suffix = "%" if unit == "%" else f" {unit}" if unit else ""
    lines: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("achieved", "Achieved", {"mode": "lines+markers", "marker": {"size": 8, "color": theme.colour("accent")}}),
        ("target", "Target", {"mode": "lines", "line": {"dash": "dot", "color": theme.colour("ink"), "shape": "hvh"}}),
        (
            "benchmark",
            "Benchmark",
            {"mode": "markers", "marker": {"symbol": "x", "size": 8, "color": theme.colour("ink")}},
        ),
    )
    traces = [
        {
            "type": "scatter",
            "name": name,
            "x": at,
            "y": own[column].to_list(),
            "hovertemplate": "%{x}: %{y}" + suffix + f"<extra>{name}</extra>",
            "connectgaps": False,
            **style,
        }
        for column, name, style in lines
        if own[column].null_count() < own.height
    ]
    return figure(traces, height=200, xaxis={"type": "category"}, yaxis={"nticks": 4, "rangemode": "normal"})
