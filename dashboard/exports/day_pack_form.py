"""The review form, filled in from what is known: what changed, progress on partials, sites, customers, promises.

What a register, a result or an action tells stands in it; what nobody has told Assay is left to be written, and said.
"""

from typing import Any

import polars as pl

from dashboard import customers, data, table
from dashboard.exports.day_pack_known import Known, as_grid, grid, with_room
from dashboard.exports.day_pack_review import planned_visits
from dashboard.exports.day_pack_since import band
from dashboard.exports.document import Block, Facts, Grid, Heading, Page, Paragraph, Points
from dashboard.pages import groups, standards
from dashboard.renewals import next_dates
from dashboard.table import Column, Row
from dashboard.words import count, day
from scheme.since import around, happened

_WEAK = ("partial", "non_compliant")
_SOUND = ("compliance_plus", "compliant")
_HAPPENED = {
    "opened": "{name} was opened on {on}.",
    "closed": "{name} was closed on {on}.",
    "site_in": "The site {name} joined the programme on {on}.",
    "site_out": "The site {name} left the programme on {on}.",
}


def review_form(known: Known) -> Page:
    """What the form asks, in its order, each part with what is known of it."""
    blocks: list[Block] = [
        Paragraph(_lead(known), "lead"),
        Heading(2, "The organisation"),
        Facts(tuple(_organisation(known))),
        Heading(2, "Changes since last time"),
        *_changes(known),
        Heading(2, "Progress on partials"),
        *_progress(known),
        Heading(2, "Sites"),
        _sites(known),
        Heading(2, "Customer groups"),
        *_groups(known),
        Heading(2, "Service standards"),
        *_standards(known),
        Paragraph(
            "Assay knows what registers, results and actions tell. Changes of people, services and customers that no "
            "file tells are to be added here by hand before the form is handed in.",
            "note",
        ),
    ]
    return Page("renewal", "Review form, filled in", known.address("renewal"), tuple(blocks), known.filters)


def _lead(known: Known) -> str:
    if known.review is None or known.review.code is None:
        return "No review is booked yet; its form is due a month before its first day."
    row = data.programme(known.view).assessments.filter(pl.col("assessment_code") == known.review.code)
    if row.height and row["submitted_on"][0]:
        return f"The form for {known.review.code} was handed in on {day(row['submitted_on'][0])}."
    rows = next_dates(known.view, known.day).filter(what="form", assessment_code=known.review.code)
    if rows.is_empty():
        return f"When the form for {known.review.code} is due is not known."
    due, over = day(rows["on"][0]), rows["days"][0] < 0
    return (
        f"The form for {known.review.code} {'was' if over else 'is'} due on {due}{' and is overdue' if over else ''}."
    )


def _organisation(known: Known) -> list[tuple[str, str]]:
    held = known.certificate
    told = [("Holder", known.names.get(known.holder) or str(known.holder)), ("Certificate", known.code)]
    told += [("Certification body", held["certification_body"])] if held["certification_body"] else []
    told += [("In force", f"{day(held['awarded_on'])} until {day(held['expires_on'])}")]
    contacts = known.here(data.rows_of(known.view, "departments")).filter(
        pl.col("department_code").eq_missing(pl.lit(known.department, pl.String))
    )
    told += [("Contact", contacts["contact"][0])] if contacts.height and contacts["contact"][0] else []
    below = known.since["department_code"].drop_nulls().n_unique() - (known.department is not None)
    told += [("Departments below", f"{below:,}")] if below > 0 else []
    told += [("Sites in the programme", f"{known.sites.filter('in_scope').height:,}")]
    return told


def _changes(known: Known) -> list[Block]:
    if known.last_on is None:
        return [Paragraph("No review has been held before, so nothing has changed since one.")]
    rows = around(data.programme(known.view), known.department, known.last_on, known.day)
    if rows.is_empty():
        return [Paragraph(f"No department opened or closed and no site came or went since {day(known.last_on)}.")]
    sites = dict(known.sites.select("site_code", pl.coalesce("site_name", "site_code")).iter_rows())
    said = []
    for what, code, on in rows.iter_rows():
        named = sites if what.startswith("site") else known.names
        said.append(_HAPPENED[what].format(name=named.get(code) or code, on=day(on)))
    return [Paragraph(f"Since the last review on {day(known.last_on)}:"), Points(tuple(said))]


def _progress(known: Known) -> list[Block]:
    weak = pl.col("band_then").is_in(_WEAK) | pl.col("band").is_in(_WEAK)
    rows = known.since.filter(weak)
    if rows.is_empty():
        return [Paragraph("Nothing was partial or non-compliant last time, and nothing is now.")]
    mended = rows.filter(~pl.col("band").is_in(_WEAK)).height
    left = rows.height - mended
    said = f"{count(rows.height, 'element')} {'was' if rows.height == 1 else 'were'} partial or worse last time or "
    said += f"{'is' if rows.height == 1 else 'are'} now: {mended or 'none'} mended since, {left or 'none'} still so."
    claimed = rows.filter(pl.col("band").is_in(_WEAK), pl.col("self_band").is_in(_SOUND)).height
    said += f" The department itself now calls {claimed} of these compliant or better." if claimed else ""
    comments = _comments(known, rows)
    columns = [
        Column("element", "Element"),
        Column("then", "Last time", "band", "The band in force at the end of the last review"),
        Column("band", "Now", "band", "The band in force"),
        Column("said", "What was said"),
        Column("done", "What was done since"),
    ]
    several = rows["department_code"].n_unique() > 1
    listed = []
    for row in rows.iter_rows(named=True):
        code, element = row["department_code"], row["element"]
        cells = [
            table.text(
                f"{element} {known.standard.element[element].title}", known.names.get(code) or code if several else None
            ),
            band(known, row["band_then"], row["reviewed_on"]),
            band(known, row["band"], row["looked_on"]),
            comments.get((code, element)),
            happened(row) or "Nothing is recorded.",
        ]
        listed.append(Row(f"{code or ''}~{element}", cells))
    made = grid("day-pack-progress", "Progress on what was partial or worse", columns, listed, known)
    return [Paragraph(said), with_room(made, "What to add")]


def _comments(known: Known, rows: pl.DataFrame) -> dict[tuple[str | None, str], str]:
    """What the assessor said when each was last looked at."""
    codes, elements = rows["department_code"].unique().to_list(), rows["element"].unique().to_list()
    told = data.results_behind(known.view, codes, elements).filter(
        pl.col("site_code").is_null(), ~pl.col("restated"), pl.col("comment").is_not_null()
    )
    key = ["department_code", "element", "assessed_on", "assessment_type"]
    last = rows.select(*key[:2], assessed_on="looked_on", assessment_type="looked_type")
    found = told.join(last, on=key, how="semi", nulls_equal=True)
    return {(code, element): said for code, element, said in found.select(*key[:2], "comment").iter_rows()}


def _sites(known: Known) -> Grid:
    planned = set(planned_visits(known)["site_code"]) | {
        row.site for row in (known.plan.meetings if known.plan else ())
    }
    columns = [
        Column("site", "Site"),
        Column("address", "Address"),
        Column("since", "In the programme since", "day"),
        Column("visited", "Last visited", "day", "The last visit of this cycle that counts"),
        Column("now", "This time", title="Whether this review goes there"),
    ]
    listed = []
    for row in known.sites.filter("in_scope").iter_rows(named=True):
        must = "must be visited" if row["must_visit"] else None
        named = table.text(row["site_name"] or row["site_code"], must or row["site_code"])
        here = "yes" if row["site_code"] in planned else "no"
        cells: list[Any] = [named, row["address"], row["in_scope_from"], row["last_visited_on"], here]
        listed.append(Row(row["site_code"], cells))
    visited = known.sites.filter("in_scope", "visited").height
    caption = f"Sites in the programme: {len(listed):,}, {visited or 'none'} of them visited in this cycle"
    return grid("day-pack-sites", caption, columns, listed, known)


def _groups(known: Known) -> list[Block]:
    rows = known.here(customers.known_groups(known.view, known.day))
    if rows.is_empty():
        return [Paragraph("No customer group has been sent.")]
    told = groups.groups_table(rows, known.names, {}, known.asked("groups"))
    return [Paragraph(groups.headline(rows)), as_grid("day-pack-groups", told)]


def _standards(known: Known) -> list[Block]:
    rows = known.here(customers.promised(known.view, known.day))
    if rows.is_empty():
        return [Paragraph("No promise has been sent.")]
    ordered = standards.shown(rows, known.asked("standards"))
    told = standards.standards_table(ordered, known.names, {}, known.asked("standards"))
    return [Paragraph(standards.headline(rows)), as_grid("day-pack-standards", told)]
