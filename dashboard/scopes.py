"""What the pages on the next review show: the proposal, the reviews that are planned, the scopes that were kept."""

from datetime import date

import polars as pl

from dashboard.data import View, certificates, programme, seen
from db import drafts
from db.drafts import Draft
from db.session import open_session
from scheme.errors import UsageError
from scheme.review_scope import ReviewScope, planned_reviews, review_scope

KIND = "review_scope"


def planned(view: View, day: date) -> pl.DataFrame:
    """scheme.review_scope.planned_reviews of the certificates that this person may see."""
    return view.kept("planned reviews", lambda: _planned(view, day), day)


def _planned(view: View, day: date) -> pl.DataFrame:
    mine = certificates(view, day).select("certificate_code")
    return planned_reviews(programme(view), day).join(mine, on="certificate_code", how="semi", maintain_order="left")


def proposal(
    view: View,
    day: date,
    certificate: str,
    review: str | None = None,
    on: date | None = None,
    capacity: int | None = None,
    chosen: tuple[str, ...] | None = None,
) -> ReviewScope:
    """scheme.review_scope.review_scope; of a certificate that may not be seen UsageError, as of one that is not."""
    mine = certificate in certificates(view, day)["certificate_code"]
    if not mine:
        raise UsageError(f"there is no certificate {certificate} on this day; choose one in the list")
    about = (day, certificate, review, on, capacity, chosen)
    return view.kept(
        "review scope",
        lambda: review_scope(programme(view), day, certificate, review=review, on=on, capacity=capacity, chosen=chosen),
        *about,
    )


def kept(view: View) -> list[Draft]:
    """The scopes kept as drafts that this person may open, the newest change first."""
    with open_session(view.scope) as session:
        return drafts.drafts(session, KIND, seen(view))


def draft(view: View, number: int) -> Draft | None:
    """One of them; None where there is none that this person may open."""
    with open_session(view.scope) as session:
        return drafts.draft(session, KIND, number, seen(view))
