"""Figures: pure functions from frames to plain dictionaries, which cost a fortieth of plotly's own classes."""

from collections.abc import Sequence
from typing import Any

from dashboard import theme

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
