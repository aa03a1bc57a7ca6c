"""What there is to see at each site, and which elements nobody has looked at yet: two pages of a day pack."""

import polars as pl

from dashboard import data, doing, table
from dashboard.exports.day_pack_known import Known, grid, with_room
from dashboard.exports.day_pack_review import planned_visits
from dashboard.exports.document import Block, Heading, Page, Paragraph
from dashboard.pages.evidence import cells_of, columns_of
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.standard import code_order

_KEYS = ("evidence", "elements", "kind", "shown_by", "state", "note")
_NAMED = 12  # sites that one sentence names


def see_on_site(known: Known) -> Page:
    """The evidence to see at each site on the way, then what may be seen at any, then what other sites have."""
    route = _route(known)
    inside = known.sites.filter("in_scope")["site_code"].to_list()
    names = {code: name or code for code, name in known.sites.select("site_code", "site_name").iter_rows()}
    blocks: list[Block] = [Paragraph(_lead(route, names), "lead")]
    anywhere: dict[str, pl.DataFrame] = {}
    bare = []
    for site in [*route, *(code for code in inside if code not in route)]:
        rows = doing.to_see(known.view, known.day, site)
        rows = known.here(rows)
        for piece in rows.filter(~pl.col("here")).iter_rows(named=True):
            anywhere.setdefault(
                f"{piece['department_code']}~{piece['evidence_code']}", pl.DataFrame([piece], rows.schema)
            )
        here = rows.filter("here")
        if here.is_empty() and site not in route:
            bare.append(names[site])
            continue
        blocks += _site(known, site, names[site], here)
    if anywhere:
        every = pl.concat(list(anywhere.values())).sort("department_code", maintain_order=True)
        blocks += [Heading(2, "At any site of the department"), _evidence(known, "any", "any site", every)]
    if bare:
        nothing = f"Nothing is marked to be seen by name at {listing(bare, _NAMED)}."
        blocks += [Heading(2, "Other sites"), Paragraph(nothing)]
    return Page("evidence", "See on site", known.address("evidence"), tuple(blocks), known.filters)


def _route(known: Known) -> list[str]:
    """The sites that the review goes to, in order: those of its itinerary, else those with a visit booked."""
    meetings = known.plan.meetings if known.plan else ()
    planned = [row.site for row in meetings if row.site] or planned_visits(known)["site_code"].to_list()
    return [site for site in dict.fromkeys(planned) if site in set(known.sites["site_code"])]


def _lead(route: list[str], names: dict[str, str]) -> str:
    if not route:
        return "No visit is planned with this review yet: what there is to see stands below, site by site."
    return f"The review goes to {listing([names[site] for site in route], _NAMED)}."


def _site(known: Known, site: str, name: str, rows: pl.DataFrame) -> list[Block]:
    row = known.sites.filter(site_code=site).row(0, named=True)
    last = f"last visited on {day(row['last_visited_on'])}" if row["last_visited_on"] else "not visited in this cycle"
    must = ", must be visited" if row["must_visit"] else ""
    about = f"{row['address'] or 'No address is known'}; {last}{must}."
    blocks: list[Block] = [Heading(2, name), Paragraph(about)]
    if rows.is_empty():
        return [*blocks, Paragraph("Nothing is marked to be seen here by name.")]
    return [*blocks, _evidence(known, site, name, rows)]


def _evidence(known: Known, place: str, name: str, rows: pl.DataFrame) -> Block:
    columns = columns_of(*(["department"] if rows["department_code"].n_unique() > 1 else []), *_KEYS)
    columns = sorted(columns, key=lambda column: column.key != "evidence")
    listed = [
        Row(f"{row['department_code']}~{row['evidence_code']}", cells_of(row, known.names, {}, columns, None))
        for row in rows.iter_rows(named=True)
    ]
    caption = f"To see at {name}: {count(len(listed), 'piece')} of evidence"
    return with_room(
        grid(f"day-pack-see-{place}", caption, columns, listed, known), "Seen on the day", "What was noted"
    )


# --- not looked at yet ------------------------------------------------------------------------------------------------


def not_looked_at(known: Known) -> Page:
    """The elements that this cycle still owes a look, whether this review takes them, and what is missed otherwise."""
    owed = data.coverages(known.view, known.day).filter("outstanding", certificate_code=known.code)
    done = data.completions(known.view, known.day).filter(certificate_code=known.code)
    blocks: list[Block] = [Paragraph(done["sentence"][0] if done.height else "Coverage is not known.", "lead")]
    if known.review is not None and known.review.missed.height:
        missed = listing(sorted(set(known.review.missed["element"]), key=code_order), 20)
        blocks += [Paragraph(f"Missed unless a review looks at more: {missed}.")]
    if done.height and not done["annual_list_set"][0]:
        blocks += [Paragraph("Annual list not set: ask your certification body. Every element is due once until then.")]
    if owed.height:
        blocks += [_owed(known, owed)]
    return Page("coverage", "Elements not looked at yet", known.address("coverage"), tuple(blocks), known.filters)


def _owed(known: Known, owed: pl.DataFrame) -> Block:
    taken = set(known.review.taken) if known.review else set()
    reasons = dict(known.review.elements.select("element", "reason").iter_rows()) if known.review else {}
    columns = [
        Column("element", "Element"),
        Column("kind", "Due", title="Every year, or once in the cycle"),
        Column("last", "Last looked at", "day", "The last counting day of this cycle"),
        Column("now", "This time", "status", "Whether this review looks at it"),
        Column("why", "Why"),
    ]
    rows = [
        Row(
            row["element"],
            [
                f"{row['element']} {known.standard.element[row['element']].title}",
                "every year" if row["kind"] == "annual" else "once",
                row["last_covered_on"],
                table.status("passes", "Yes") if row["element"] in taken else table.status("incomplete", "No"),
                reasons.get(row["element"]),
            ],
        )
        for row in owed.iter_rows(named=True)
    ]
    number = len([row for row in rows if row.id in taken])
    caption = f"Owed a look in this cycle: {count(len(rows), 'element')}, {number or 'none'} of them this time"
    return grid("day-pack-owed", caption, columns, rows, known)
