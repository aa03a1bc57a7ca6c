"""What pages show of customers, of what the person may see: who they are, and what they are promised."""

from datetime import date

import polars as pl

from dashboard import data
from dashboard.data import View
from scheme.customer_groups import SUBJECTS, groups
from scheme.service_standards import COVERED, Point, checklist, promises


def promised(view: View, day: date, department: str = "") -> pl.DataFrame:
    """Every promise as it stands on the day (scheme.service_standards.PROMISES), below a department if one is given."""
    told = view.kept("promises", lambda: promises(data.rows_of(view, "service_standards"), day)[0], day)
    return data.cut(view, told, department)


def periods(view: View, day: date) -> pl.DataFrame:
    """The periods of every promise on the day (scheme.service_standards.SERIES)."""
    return view.kept("periods of promises", lambda: promises(data.rows_of(view, "service_standards"), day)[1], day)


def charter(view: View, told: pl.DataFrame) -> list[Point]:
    """What a published charter of these promises has (scheme.service_standards.checklist)."""
    standard = data.programme(view).standard
    return checklist(told, {code: standard.about(code) for code in COVERED})


def known_groups(view: View, day: date, department: str = "") -> pl.DataFrame:
    """Every customer group on the day (scheme.customer_groups.GROUPS), below a department if one is given."""

    def made() -> pl.DataFrame:
        standard = data.programme(view).standard
        tables = [data.rows_of(view, name) for name in ("customer_groups", "evidence", "service_standards")]
        return groups(tables[0], tables[1], tables[2], {code: standard.about(code) for code in SUBJECTS}, day)

    return data.cut(view, view.kept("customer groups", made, day), department)
