"""What pages about certificates share: which one is looked at, how it is called, how long it runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.filters import Filters
from dashboard.language import day_said as day
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.words import count_said as count

Names = Mapping[str | None, str]  # of departments; None is the corporate body
DAY_PACK = {"docx": mark("Word"), "pdf": "PDF", "xlsx": mark("Excel")}
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
    every = _("All {count} certificates", count=rows.height) if rows.height else _("None")
    several = [("", every)] if rows.height != 1 else []
    holders = rows.select("certificate_code", "department_code").iter_rows()
    own = [(code, f"{names.get(department)} ({code})") for code, department in holders]
    return components.options(certificate=several + own)


def until(row: Mapping[str, Any], today: date) -> str:
    """How long a certificate still runs."""
    if row["ended_on"] and row["ended_on"] <= today:
        return _("not in force since {day}", day=day(row["ended_on"]))
    if row["days"] <= 0:
        return _("expired {time} ago", time=count(-row["days"], "day")) if row["days"] else _("expired today")
    left = _("{time} left", time=count(row["days"], "day"))
    return left + (", " + _("ending early on {day}", day=day(row["ended_on"])) if row["ended_on"] else "")


def instead(row: Mapping[str, Any], asked: Filters) -> str:
    """A sentence where the certificate shown is not the one asked for."""
    if asked.certificate in ("", row["certificate_code"]):
        return ""
    named = {"day": day(asked.as_of), "certificate": asked.certificate}
    return " " + _("On {day} its holder had this certificate, not {certificate}.", **named)


def lapsed(row: Mapping[str, Any], today: date) -> str | None:
    """One word and the day for a certificate that no longer runs; None for the others."""
    if row["ended_on"] and row["ended_on"] <= today:
        return _("Ended {day}", day=day(row["ended_on"]))
    return None if row["days"] > 0 else _("Expired {day}", day=day(row["expires_on"]))


def time_left(row: Mapping[str, Any], today: date) -> Fact:
    """The days to expiry as a figure."""
    over = lapsed(row, today)
    label = _("Days to expiry")
    return (label, _("none"), over) if over else (label, f"{row['days']:,}", day(row["expires_on"]))


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
        return [html.H2(called(row, names))]
    if rows.height > 1:
        back = asked.href(certificate="", status="")
        return [
            html.P(
                html.A(
                    [components.icon("bi-arrow-left"), " ", _("All {count} certificates", count=rows.height)], href=back
                )
            )
        ]
    return []


def called(row: Mapping[str, Any], names: Names) -> str:
    """A certificate by its holder and code."""
    holder = names.get(row["department_code"])
    return _("{holder}, certificate {certificate}", holder=holder, certificate=row["certificate_code"])


def booking(row: Mapping[str, Any]) -> Component:
    """The way to book a review of a certificate's holder, for those who may."""
    return html.P(components.enter_link("review", "Enter a booked review", department_code=row["department_code"]))


def day_pack_link(certificate: str, asked: Filters, **more: str) -> Component:
    """The ways to an assessor's day pack for a certificate's next review, of the day and the moment asked for."""
    given = {key: value for key, value in asked.given if key in ("as_of", "known_at")}
    query = urlencode({"certificate": certificate, **more, **given})
    links: list[Any] = [components.icon("bi-download"), " ", _("Day pack:"), " "]
    for turn, (kind, words) in enumerate(DAY_PACK.items()):
        links += [", " if turn else "", html.A(_(words), href=f"/download/day-pack.{kind}?{query}", download="")]
    return html.P([*links, "."], className=components.FILES)


NOTHING = mark("There is no certificate to show.")  # the sentence above what `nothing` gives


def nothing(page_is_about: str, needs: Sequence[str], known: pl.DataFrame, asked: Filters) -> Component:
    """What stands there instead where no certificate is found; `needs` are the columns of a table of certificates."""
    if asked.certificate and asked.certificate in known["certificate_code"]:
        named = {"certificate": asked.certificate, "day": day(asked.as_of)}
        title = _("Certificate {certificate} was not awarded yet on {day}", **named)
        text = mark("Choose a later day, or see the certificates of this day.")
    elif asked.certificate:
        title = _("There is no certificate {certificate} that you may see", certificate=asked.certificate)
        text = mark("See those there are.")
    elif asked.department:
        title = mark("No certificate is held here on this day")
        text = mark("Neither the department in the filter nor one below it holds a certificate. See all there are.")
    else:
        load = _("Load a table of certificates ({columns}), or choose a later day.", columns=", ".join(needs))
        table = f"{_(page_is_about)} {load}"
        return components.empty_state("No certificate is known on this day", table)
    every = asked.href(certificate="", department="", status="")
    return html.Div([components.empty_state(title, text), html.P(html.A(_("All certificates"), href=every))])
