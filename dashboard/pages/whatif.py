"""What-if on the pages that show it: the banner that says so, and what changes, in words."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components
from dashboard.filters import Filters
from dashboard.language import mark
from dashboard.language import said as _
from dashboard.table import Cell
from dashboard.trying import Scenario, changed, tried
from dashboard.words import STATUS, count, listing
from scheme.headroom import status_by_department
from scheme.scenario import Place, difference

Names = Mapping[str | None, str]
_WOULD = {"fails": "fail", "at_limit": "be at its limit", "incomplete": "be incomplete", "passes": "pass"}
_INSTEAD = {"fails": "failing", "at_limit": "being at its limit", "incomplete": "being incomplete", "passes": "passing"}
_FEW = 3
SCENARIO = mark("Scenario, no facts: ")  # before the caption of every table that shows one
SIGN = ("?", mark("tried in this scenario, or following from it: no fact"))


# --- the banner -------------------------------------------------------------------------------------------------------


def banner(
    asked: Filters,
    scenario: Scenario | None,
    before: pl.DataFrame,
    after: pl.DataFrame,
    names: Names,
    may_keep: bool,
) -> Component | str:
    """What stands on top of a page that shows a scenario; "" where it shows facts.

    before, after: headroom in fact and as supposed, of all that the person may see.
    """
    if scenario is None:
        return ""
    number = count(len(scenario.cells), "cell")
    said: list[Component | str] = [
        components.icon("bi-question-diamond"),
        html.Strong(f"Scenario{f' {chr(8220)}{scenario.name}{chr(8221)}' if scenario.name else ''}: "),
        f"nothing here is a fact. {number[:1].upper()}{number[1:]} tried{_since_kept(scenario)}. ",
        changes(before, after, names) if scenario.applies else _NOT_APPLIED,
        *_left_out(scenario),
    ]
    links: list[Component] = [
        html.A("Leave the scenario", href=left(asked)),
        html.A("All scenarios", href=asked.href("scenarios")),
    ]
    if may_keep and scenario.cells:
        links.insert(1, _keep(asked, scenario))
    parts: list[Component] = [html.P(said, role="status"), html.P(links, className="scenario-acts")]
    if scenario.cells:
        parts.append(html.P(f"Tried: {'; '.join(_in_words(scenario, names).values())}.", className="on-paper"))
        parts.append(
            components.details("What is tried", html.Ul(list(_listed(asked, scenario, names)), className="d-list"))
        )
    return html.Section(parts, className="scenario", **components.attributes(aria_label="Scenario"))


_NOT_APPLIED = "It is about formal results, so it is not applied to what is shown here: choose Formal to see it."


def _since_kept(scenario: Scenario) -> str:
    if scenario.number is None:
        return ", not kept yet"
    by = "" if scenario.is_mine else f", kept by {scenario.made_by}"
    return f"{by}, otherwise than it was kept" if scenario.is_changed else by


def _left_out(scenario: Scenario) -> list[str]:
    if not scenario.left_out:
        return []
    gone = [f"{place or 'the organisation'} {element}" for place, element in scenario.left_out]
    return [f" Left out, for there is no such department or element here on this day: {listing(gone, 5)}."]


def _keep(asked: Filters, scenario: Scenario) -> Component:
    words = "Keep the changes" if scenario.is_mine and scenario.is_changed else "Keep this scenario"
    if scenario.number is not None and not scenario.is_changed:
        words = "Rename, share or remove" if scenario.is_mine else "Keep it as your own"
    return html.A(words, href=keeping(asked, scenario), **components.attributes(data_reload=""))


def keeping(asked: Filters, scenario: Scenario) -> str:
    """The plain page where a scenario is kept, or where what is kept already is renamed, shared or removed."""
    if scenario.is_mine and not scenario.is_changed:
        return f"/scenarios/{scenario.number}"
    told = {"try": tried(scenario.cells), "next": left(asked)}
    return f"/scenarios/keep?{urlencode(told | ({'draft': str(scenario.number)} if scenario.number else {}))}"


def left(asked: Filters) -> str:
    """The same page with facts."""
    return asked.href(**{"try": None, "draft": None})


def _in_words(scenario: Scenario, names: Names) -> dict[Place, str]:
    return {
        at: f"{_called(at[0], names)}, {at[1]}: {_plain(band)}, in fact {_plain(scenario.facts.get(at))}"
        for at, band in scenario.cells.items()
    }


def _called(place: str | None, names: Names) -> str:
    return names.get(place) or place or "The organisation"


def _listed(asked: Filters, scenario: Scenario, names: Names) -> Iterable[Component]:
    for (place, element), words in _in_words(scenario, names).items():
        href = with_band(asked, scenario, (place, element), None)
        name = f"Take back what is tried of {_called(place, names)}, {element}"
        yield html.Li([f"{words}. ", html.A("Take it back", href=href, **components.attributes(aria_label=name))])


def with_band(asked: Filters, scenario: Scenario, at: Place, band: str | None, **more: str) -> str:
    """The address of the same page with another band tried in one cell; with None it is as it is.

    UsageError where that is more than an address holds. Taking the last one back leaves the scenario.
    """
    cells = changed(scenario.cells, at, band)
    return asked.href(**{"try": tried(cells), **({} if cells else {"draft": None}), **more})


def _plain(band: str | None) -> str:
    return band.replace("_", " ").replace("non compliant", "non-compliant") if band else "not assessed"


def said(headline: str, scenario: Scenario | None) -> str:
    """A page's sentence, which says so where it is about a scenario."""
    return f"In this scenario: {headline}" if scenario and scenario.applies and scenario.cells else headline


# --- what changes -----------------------------------------------------------------------------------------------------


def changes(before: pl.DataFrame, after: pl.DataFrame, names: Names) -> str:
    """What a scenario changes, in a sentence or two: verdicts of departments, else headroom of criteria.

    before, after: headroom in fact and as supposed. Verdicts are made of own bands alone: what is rolled up is counted
    as following, and never judged.
    """
    differing = difference(before, after)
    was, now = _verdicts(before), _verdicts(after)
    turned = [place for place in now if now[place] != was.get(place)]
    above = differing.filter(pl.col("indicative_before") & pl.col("indicative_after"))["department_code"].n_unique()
    said = [_turned(place, was.get(place), now[place], names) for place in turned[:_FEW]]
    if len(turned) > _FEW:
        said.append(f"So {count(len(turned) - _FEW, 'more department stands', 'more departments stand')} otherwise.")
    if not turned:
        said.append(_criteria(differing.filter(~pl.col("indicative_after")), names))
    if above:
        said.append(f"{_capital(count(above, 'indication'))} above {'changes' if above == 1 else 'change'}.")
    return " ".join(said)


def _verdicts(headroom: pl.DataFrame) -> dict[str | None, str | None]:
    unknown = headroom.group_by("department_code").agg(is_unknown=(pl.col("not_assessed") == pl.col("elements")).all())
    rows = status_by_department(headroom).join(unknown, on="department_code", nulls_equal=True, maintain_order="left")
    judged = pl.when(~pl.col("indicative") & ~pl.col("is_unknown")).then("status")
    return dict(rows.select("department_code", judged).iter_rows())


def _turned(place: str | None, was: str | None, now: str | None, names: Names) -> str:
    name = _called(place, names)
    if now is None:
        return f"{name} would have no verdict any more."
    return f"{name} would {_WOULD[now]} instead of {_INSTEAD[was] if was else 'having no verdict'}."


def _criteria(differing: pl.DataFrame, names: Names) -> str:
    if differing.is_empty():
        return "No verdict and no headroom changes."
    rows = differing.select("department_code", "criterion", "headroom_before", "headroom_after").rows()
    told = [
        f"{_called(place, names)} has {_left(now)} in criterion {criterion}"
        + (f" instead of {_left(was).removesuffix(' left')}" if was != now else " as before, counted otherwise")
        for place, criterion, was, now in rows
    ]
    return f"No verdict changes; {listing(told, _FEW)}."


def _left(headroom: int) -> str:
    return f"{headroom} left" if headroom >= 0 else f"{-headroom} too many"


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


_SHOWN = {**STATUS, "not_assessed": "Not assessed"}


def differs(now: str, was: str) -> str:
    """The words of a status that is another in the scenario than in fact."""
    return f"{_SHOWN[now]}, in fact {_SHOWN[was].lower()}"


def marked(cell: Cell, shown: str, in_fact: str | None, is_wide: bool = False) -> Cell:
    """A status cell as it is, or with what holds in fact where that is another (dashboard.pages.verdicts, `shown`).

    `is_wide`: there is room for the sign of a scenario alone.
    """
    if in_fact is None or in_fact == shown:
        return cell
    code = cell[0] if isinstance(cell, list) else cell
    return [code, f"{_SHOWN[shown]} {SIGN[0]}" if is_wide else differs(shown, in_fact)]


def legend() -> Component:
    """What the sign of a scenario means, for pages that show one."""
    sign, words = SIGN
    item = html.Li([html.Span(sign, className="t-tried", **components.HIDDEN), html.Span(_(words))])
    return html.Ul([item], className="legend-list", **components.attributes(aria_label=_("What a scenario marks")))
