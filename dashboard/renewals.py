"""What the pages about renewal and assessments show: of a view, and so of nothing but what the person may see."""

from datetime import date

import polars as pl

from dashboard.data import certificates, cut, programme
from dashboard.view import View
from scheme.gate_evidence import Evidence, evidence
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
    now = view.kept("evidence", lambda: evidence(known, day, held), day)
    return now, view.kept("evidence at expiry", lambda: evidence_at_expiry(known, day, held), day)
