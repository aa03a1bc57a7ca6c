"""The figure of a visit plan: its sites by kilometres, each with the number of the review it is visited in."""

from math import cos, radians

import polars as pl

from dashboard import theme
from dashboard.figures import Figure, figure

COLOURS = ("accent", "status-fails", "status-indication", "status-at_limit", "ink-soft")  # beside the numbers
_KILOMETRES = 111.32  # of one degree of latitude


def in_kilometres(placed: pl.DataFrame) -> pl.DataFrame:
    """Sites with latitude and longitude as kilometres `east` and `north` of their middle."""
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    middle = placed.select(latitude.mean(), longitude.mean()).row(0)
    return placed.with_columns(
        north=((latitude - middle[0]) * _KILOMETRES).round(2),
        east=((longitude - middle[1]) * _KILOMETRES * cos(radians(middle[0]))).round(2),
    )


def colour_of(review: int) -> str:
    """The colour of a review by its number; 0 is none."""
    return theme.colour(COLOURS[(review - 1) % len(COLOURS)]) if review else theme.colour("line-strong")


def reviews_plan(placed: pl.DataFrame, names: dict[int, str]) -> Figure:
    """Sites in kilometres, north up, numbered by their review.

    `placed`: site_name, review (Int64 from 1; 0 where it is in none), latitude, longitude; `names` of the reviews.
    """
    apart, traces = in_kilometres(placed), []
    for review in sorted(apart["review"].unique()):
        own = apart.filter(pl.col("review") == review)
        marker = {"symbol": "circle" if review else "circle-open", "size": 20 if review else 9}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text" if review else "markers",
                "name": names[review],
                "x": own["east"].to_list(),
                "y": own["north"].to_list(),
                "text": [str(review) if review else ""] * own.height,
                "customdata": own["site_name"].to_list(),
                "textfont": {"color": theme.colour("paper"), "size": 11},
                "hovertemplate": "%{customdata}<extra>" + names[review].replace("<", "‹").replace("%", "") + "</extra>",
                "marker": {**marker, "color": colour_of(review), "line": {"width": 1, "color": colour_of(review)}},
            }
        )
    axis = {"zeroline": False, "ticksuffix": " km", "constrain": "domain"}
    corner = {"xref": "x domain", "yref": "y domain", "x": 1, "y": 1, "xanchor": "right", "yanchor": "top"}
    north = {"text": "↑ North", "showarrow": False, "bgcolor": theme.colour("paper"), **corner}
    tied = {**axis, "scaleanchor": "x"}
    return figure(traces, height=460, xaxis=axis, yaxis=tied, hovermode="closest", annotations=[north])
