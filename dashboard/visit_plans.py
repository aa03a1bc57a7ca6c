"""Visit plans as pages and files show them: solved for a view and kept with it, or read from a draft."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import polars as pl

from dashboard import data
from dashboard.data import View, cut, programme
from dashboard.filters import Filters
from dashboard.visit_shown import Shown
from db import drafts
from db.drafts import Draft
from db.session import open_session
from scheme.errors import UsageError
from scheme.visit_plan import PLANNED, REVIEWS, UNDONE, VisitPlan, Wanted, visit_plan
from scheme.visit_plan_kept import since

KIND = "visit_plan"
EVERY = "all"  # the value of `mode` that asks for every site that waits
_FRAMES = ("reviews", "visits", "undone")


def wanted(asked: Filters, certificate: str) -> Wanted:
    """What an address asks for; UsageError where a number makes no sense."""
    told = {"sites_a_day": asked.pace, "days": asked.days, "drawn_percent": asked.share, "seed": asked.seed}
    return Wanted(
        certificate,
        every=asked.mode == EVERY,
        **{name: value for name, value in told.items() if value is not None},
    )


def solved(view: View, day: date, wanted: Wanted) -> Shown:
    """The plan for what this person may see; UsageError where the certificate is none of theirs."""
    _seen(view, wanted.certificate)
    plan = view.kept("visit plan", lambda: visit_plan(programme(view), day, wanted), day, wanted)
    return Shown(wanted, day, plan, _sites(view, day, wanted.certificate))


def kept(view: View, day: date, number: int) -> Shown:
    """A plan that was kept, with what became of it by the day; UsageError where there is none to be seen."""
    with open_session(view.scope) as session:
        draft = drafts.draft(session, KIND, number, data.seen(view))
    if draft is None:
        raise UsageError("there is no such visit plan that you may see; choose one in the list of kept plans")
    _seen(view, draft.certificate)
    body, sites = draft.body, _sites(view, day, draft.certificate)
    asked, reviews, undone = Wanted(**body["wanted"]), _frame(body["reviews"], REVIEWS), _frame(body["undone"], UNDONE)
    own = _frame(body["visits"], PLANNED).join(sites, on="site_code", how="semi", maintain_order="left")
    rows = since(programme(view), day, draft.certificate, own, asked.days)
    plan = VisitPlan(reviews, rows, undone, **body["proof"])
    return Shown(asked, date.fromisoformat(body["day"]), plan, sites, draft)


def all_kept(view: View) -> list[Draft]:
    """The visit plans that this person may open, the newest first."""
    with open_session(view.scope) as session:
        found = drafts.drafts(session, KIND, data.seen(view))
    known = set(cut(view, programme(view).certificates)["certificate_code"])
    return [draft for draft in found if draft.certificate in known]


def body(shown: Shown) -> Mapping[str, Any]:
    """A plan as a draft keeps it: what was asked, the day, the plan with what was proven."""
    plan = vars(shown.plan)
    return {
        "wanted": asdict(shown.wanted),
        "day": shown.day.isoformat(),
        "proof": {name: value for name, value in plan.items() if name not in _FRAMES},
        **{name: _plain(plan[name]) for name in _FRAMES},
    }


def holder(view: View, certificate: str) -> tuple[str, ...] | None:
    """The departments that a plan of a certificate is about, as drafts have it; None is the whole organisation."""
    (code,) = programme(view).certificates.filter(pl.col("certificate_code") == certificate)["department_code"]
    return None if code is None else (code,)


def _seen(view: View, certificate: str) -> None:
    if certificate not in cut(view, programme(view).certificates)["certificate_code"]:
        raise UsageError(f"there is no certificate {certificate} that you may see; choose one in the list")


def _sites(view: View, day: date, certificate: str) -> pl.DataFrame:
    return data.sites_of(view, day).filter(pl.col("certificate_code") == certificate)


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.with_columns(pl.selectors.date().dt.to_string("%Y-%m-%d")).to_dicts()


def _frame(rows: list[dict[str, Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    as_text = {name: pl.String if dtype == pl.Date else dtype for name, dtype in schema.items()}
    days = [pl.col(name).str.to_date("%Y-%m-%d") for name, dtype in schema.items() if dtype == pl.Date]
    return pl.DataFrame(rows, schema=as_text).with_columns(days)
