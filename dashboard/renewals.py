"""What the pages about renewal and assessments show: of a view, and so of nothing but what the person may see."""

from datetime import date

import polars as pl

from dashboard.data import certificates, cut, open_actions, programme
from dashboard.view import View
from scheme.countdown import countdown
from scheme.countdown import to_mend as mend_before
from scheme.gate_evidence import Evidence, evidence
from scheme.journey import journey_with_steps
from scheme.renewal import evidence_at_expiry, judged
from scheme.renewal import next_dates as dates_of


def renewals(view: View, day: date) -> pl.DataFrame:
    """scheme.renewal.renewal of the day, cut by holder."""
    return view.kept("renewal", lambda: judged(certificates(view, day), *_evidences(view, day)), day)


def behind(view: View, day: date, certificate: str) -> tuple[Evidence, Evidence]:
    """What a certificate is judged by as of the day and at its expiry; empty frames of one that may not be seen."""
    shown = certificate if certificate in certificates(view, day)["certificate_code"] else ""
    now, later = (found.apart([shown])[shown] for found in _evidences(view, day))
    return now, later


def next_dates(view: View, day: date) -> pl.DataFrame:
    """scheme.renewal.next_dates of the day, cut by certificate and by department."""
    return view.kept("next dates", lambda: cut(view, dates_of(programme(view), day)), day)


def _evidences(view: View, day: date) -> tuple[Evidence, Evidence]:
    known, held = programme(view), certificates(view, day)
    now = view.kept("evidence of renewal", lambda: evidence(known, day, held), day)
    return now, view.kept("evidence at expiry", lambda: evidence_at_expiry(known, day, held), day)


def _journeys(view: View, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    return view.kept("journey and steps", lambda: journey_with_steps(programme(view), day), day)


def journeys(view: View, day: date) -> pl.DataFrame:
    """scheme.journey.journey of the day, cut; with late (Boolean): its next step was due before the day."""
    late = (pl.col("next_on") < day).fill_null(value=False)
    return cut(view, _journeys(view, day)[0]).with_columns(late=late)


def steps(view: View, day: date) -> pl.DataFrame:
    """scheme.journey.steps of the day, cut."""
    return cut(view, _journeys(view, day)[1])


def countdowns(view: View, day: date) -> pl.DataFrame:
    """scheme.countdown.countdown of the day, cut."""

    def made() -> pl.DataFrame:
        return cut(view, countdown(programme(view), day, _journeys(view, day)[0]))

    return view.kept("countdown", made, day)


def to_mend(view: View, day: date) -> pl.DataFrame:
    """scheme.countdown.to_mend of the day with the actions that are open on it, cut."""

    def made() -> pl.DataFrame:
        return cut(view, mend_before(programme(view), day, open_actions(view, day), _journeys(view, day)[0]))

    return view.kept("to mend", made, day)
