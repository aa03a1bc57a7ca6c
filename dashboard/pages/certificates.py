"""What pages about certificates share: which one is looked at, how it is called, how long it runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.filters import Filters
from dashboard.words import count, day

Names = Mapping[str | None, str]  # of departments; None is the corporate body
Fact = tuple[str, str, str]  # what it is, the figure, a smaller line below it


def with_ends(rows: pl.DataFrame, certificates: pl.DataFrame, today: date) -> pl.DataFrame:
    """Rows with a certificate_code each, and how long these run.

    Adds awarded_on, expires_on, ended_on (null unless it ended early), days (to expiry, negative once past) and
    in_force (Boolean, on the day). `certificates` as scheme.frames.CERTIFICATES.
    """
    known = certificates.select("certificate_code", "awarded_on", "expires_on", "ended_on")
    return rows.join(known, on="certificate_code", maintain_order="left").with_columns(
        days=(pl.col("expires_on") - today).dt.total_days(),
        in_force=(pl.col("expires_on") > today) & (pl.col("ended_on").is_null() | (pl.col("ended_on") > today)),
    )


def chosen(rows: pl.DataFrame, known: pl.DataFrame, asked: Filters) -> dict[str, Any] | None:
    """The row of the certificate asked for, or of the one its holder had on the day; without either the first row.

    `known` holds every certificate one may see; None where nothing of the kind is in `rows`.
    """
    if not asked.certificate:
        return rows.row(0, named=True) if rows.height else None
    own = rows.filter(pl.col("certificate_code") == asked.certificate)
    holder = known.filter(pl.col("certificate_code") == asked.certificate).select("department_code")
    own = own if own.height else rows.join(holder, on="department_code", nulls_equal=True)
    return own.row(0, named=True) if own.height else None


def is_list(rows: pl.DataFrame, asked: Filters) -> bool:
    """Whether there is a list to choose from: several certificates and none asked for."""
    return rows.height > 1 and not asked.certificate


def options(rows: pl.DataFrame, names: Names) -> str:
    """What the filter bar offers."""
    several = [("", f"All {rows.height} certificates" if rows.height else "None")] if rows.height != 1 else []
    holders = rows.select("certificate_code", "department_code").iter_rows()
    own = [(code, f"{names.get(department)} ({code})") for code, department in holders]
    return components.options(certificate=several + own)


def until(row: Mapping[str, Any], today: date) -> str:
    """How long a certificate still runs."""
    if row["ended_on"] and row["ended_on"] <= today:
        return f"not in force since {day(row['ended_on'])}"
    if row["days"] <= 0:
        return f"expired {count(-row['days'], 'day')} ago" if row["days"] else "expired today"
    early = f", ending early on {day(row['ended_on'])}" if row["ended_on"] else ""
    return f"{count(row['days'], 'day')} left{early}"


def instead(row: Mapping[str, Any], asked: Filters) -> str:
    """A sentence where the certificate shown is not the one asked for."""
    if asked.certificate in ("", row["certificate_code"]):
        return ""
    return f" On {day(asked.as_of)} its holder had this certificate, not {asked.certificate}."


def lapsed(row: Mapping[str, Any], today: date) -> str | None:
    """One word and the day for a certificate that no longer runs; None for the others."""
    if row["ended_on"] and row["ended_on"] <= today:
        return f"Ended {day(row['ended_on'])}"
    return None if row["days"] > 0 else f"Expired {day(row['expires_on'])}"


def time_left(row: Mapping[str, Any], today: date) -> Fact:
    """The days to expiry as a figure."""
    over = lapsed(row, today)
    return ("Days to expiry", "none", over) if over else ("Days to expiry", f"{row['days']:,}", day(row["expires_on"]))


def facts(told: Iterable[Fact]) -> Component:
    """Figures side by side."""
    return html.Dl(
        [
            html.Div([html.Dt(label), html.Dd(figure, className="fact-figure"), html.Dd(small or "\u00a0")])
            for label, figure, small in told
        ],
        className="facts",
    )


def heading(row: Mapping[str, Any], rows: pl.DataFrame, names: Names, asked: Filters) -> list[Component]:
    """What stands above one certificate: its name below the list of all, or the way back to that list."""
    if is_list(rows, asked):
        return [html.H2(f"{names.get(row['department_code'])}, certificate {row['certificate_code']}")]
    if rows.height > 1:
        back = asked.href(certificate="", status="")
        return [html.P(html.A([components.icon("bi-arrow-left"), f" All {rows.height} certificates"], href=back))]
    return []


def booking(row: Mapping[str, Any]) -> Component:
    """The way to book a review of a certificate's holder, for those who may."""
    return html.P(components.enter_link("review", "Enter a booked review", department_code=row["department_code"]))


NOTHING = "There is no certificate to show."  # the sentence above what `nothing` gives


def nothing(page_is_about: str, needs: Sequence[str], known: pl.DataFrame, asked: Filters) -> Component:
    """What stands there instead where no certificate is found; `needs` are the columns of a table of certificates."""
    if asked.certificate and asked.certificate in known["certificate_code"]:
        title = f"Certificate {asked.certificate} was not awarded yet on {day(asked.as_of)}"
        text = "Choose a later day, or see the certificates of this day."
    elif asked.certificate:
        title, text = f"There is no certificate {asked.certificate} that you may see", "See those there are."
    elif asked.department:
        title = "No certificate is held here on this day"
        text = "Neither the department in the filter nor one below it holds a certificate. See all there are."
    else:
        table = f"{page_is_about} Load a table of certificates ({', '.join(needs)}), or choose a later day."
        return components.empty_state("No certificate is known on this day", table)
    every = asked.href(certificate="", department="", status="")
    return html.Div([components.empty_state(title, text), html.P(html.A("All certificates", href=every))])
