"""How good a visit plan is, in plain words: what is proven, how far the rest may be off, and what it rests on."""

from collections.abc import Sequence

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.visit_shown import Shown, days
from dashboard.words import count, listing


def proof(shown: Shown) -> Component:
    """How good the plan is and what it rests on, in plain words."""
    return html.Section(
        [html.H2("How good this plan is"), *(html.P(words) for words in certificate(shown))], className="block"
    )


def certificate(shown: Shown) -> Sequence[str]:
    """The certificate of optimality in plain words, and the assumptions."""
    plan, wanted = shown.plan, shown.wanted
    sure = (
        "The number of visits and the spread of work are proven: no plan could leave less undone, and with as much "
        "done none could be more level between the reviews."
    )
    if plan.visits.is_empty():
        return ["There is nothing to plan."] if plan.undone.is_empty() else [sure]
    among = (
        f"any of the {plan.possible_centres:,} sites with coordinates could be the centre of a review"
        if plan.centres == plan.possible_centres
        else f"{plan.centres:,} of the {plan.possible_centres:,} sites with coordinates, spread over them all, were "
        "tried as centres of reviews"
    )
    if not plan.centres:
        distance = "No site of it has coordinates, so nothing is said of distances."
    elif plan.is_optimal:
        distance = (
            f"The distances are proven too: {plan.distance:,.1f} km in all from the sites to the centres of their "
            f"reviews, and no such plan has less ({among})."
        )
    else:
        distance = (
            f"The distances are near the best: {plan.distance:,.1f} km in all from the sites to the centres of their "
            f"reviews, at most {plan.gap:g} % above what any such plan could reach ({plan.bound:,.1f} km; {among}). "
            "The solver stopped at its limit of seconds, so another run may find a slightly different plan; a plan "
            "that is kept stays as it is."
        )
    are = "is to a site" if plan.without_place == 1 else "are to sites"
    unplaced = (
        [f"{count(plan.without_place, 'visit')} of it {are} without coordinates, wherever that may be."]
        if plan.without_place
        else []
    )
    lot = (
        [
            f"{count(plan.drawn, 'site')} {'was' if plan.drawn == 1 else 'were'} drawn by lot: those whose SHA-256 of "
            f"“{wanted.seed}:code of the site” comes first, so anybody can draw them again."
        ]
        if plan.drawn
        else []
    )
    assumed = plan.reviews.filter(pl.col("assessment_code").is_null())
    when = [days(row["begins_on"], row["ends_on"]) for row in assumed.iter_rows(named=True)]
    reviews = [f"Not booked, and so assumed: {count(wanted.days, 'day')} of review on {listing(when)}."] if when else []
    rests = (
        f"It counts on {count(wanted.sites_a_day, 'site')} a day and on straight lines between sites, not roads. A "
        "review of a department visits sites of that department and below; the days in a review go round its centre."
    )
    return [sure, distance, *unplaced, *lot, *reviews, rests]
