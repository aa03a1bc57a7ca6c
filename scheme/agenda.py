"""The agenda of a meeting, made from the facts of one snapshot: what to speak of, in which order, and why.

measures.md names no rule for it; all of it is **ours**. The steps are those of KEYS, always in this order; the cycle is
left out for whoever may not see it. What each step picks, and in which order, are the rules of scheme.agenda_facts.

Each step shows MOST points, the first ones, and says how many more there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scheme.actions import UNDONE
from scheme.agenda_facts import (
    Facts,
    at_limit,
    changed,
    coverage_at_risk,
    departments,
    hottest,
    sites_at_risk,
    to_decide,
)
from scheme.headroom import STATUSES
from scheme.sentences import counted
from scheme.sentences import day as in_words

KEYS = ("programme", "changed", "hottest", "at_limit", "cycle", "actions", "decide")
TITLES = {
    "programme": "Where we stand",
    "changed": "What has changed",
    "hottest": "What fails, and why",
    "at_limit": "At their limit",
    "cycle": "Coverage and sites at risk",
    "actions": "Actions overdue",
    "decide": "What we decide",
}
MOST = 5
BRIEF = 100  # characters of an action
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One thing to speak of: of whom, a sentence, the status it shows, and where it is seen.

    `key` is the element or criterion of its cell, "" for none; `page` the page that shows it; `label` stands beside the
    sign of the status in place of its word.
    """

    whose: str
    words: str
    status: str = ""  # one of STATUSES, "" for none
    department: str | None = None
    key: str = ""
    page: str = "heatmap"
    certificate: str = ""
    label: str = ""


@dataclass(frozen=True)
class Step:
    """A step of an agenda: its key (one of KEYS), title, sentence, points, how many more, and numbers by status."""

    key: str
    title: str
    sentence: str
    points: tuple[Point, ...] = ()
    more: int = 0
    numbers: tuple[tuple[str, int], ...] = ()


def agenda(facts: Facts) -> tuple[Step, ...]:
    """The steps of a meeting on these facts."""
    steps = [_programme(facts), _changed(facts), _hottest(facts), _at_limit(facts)]
    if facts.completion is not None and facts.visits is not None:
        steps.append(_cycle(facts, facts.completion, facts.visits))
    return (*steps, _actions(facts), _decide(facts))


def _step(key: str, sentence: str, points: Iterable[Point] = (), **more: Any) -> Step:
    found = tuple(points)
    return Step(key, TITLES[key], sentence, found[:MOST], max(len(found) - MOST, 0), **more)


def _programme(facts: Facts) -> Step:
    of = departments(facts.headroom).filter(pl.col("department_code").is_not_null())["status"].to_list()
    numbers = tuple((status, of.count(status)) for status in STATUSES) if of else ()
    said = " ".join(facts.said) or f"Nothing has been assessed as a whole by {in_words(facts.day)}."
    return _step("programme", said, numbers=numbers)


# --- what has changed -------------------------------------------------------------------------------------------------

_WAS = {"fails": "failed", "at_limit": "was at its limit", "incomplete": "was incomplete", "passes": "passed"}
_IS = {
    "fails": "fails now",
    "at_limit": "is at its limit now",
    "incomplete": "is incomplete now",
    "passes": "passes now",
}


def _changed(facts: Facts) -> Step:
    rows = changed(facts.headroom, facts.before)
    worse = int(rows["is_worse"].sum())
    better = rows.height - worse
    since = f"Since {in_words(facts.since)}"
    if rows.height:
        told = f"{since} {_number(worse, 'criterion', 'criteria')} got worse and {better or 'none'} better"
    else:
        told = f"{since} no verdict has changed"
    points = (
        Point(
            _name(facts, row),
            f"criterion {row['criterion']} {_WAS[row['was']]} and {_IS[row['status']]}.",
            row["status"],
            row["department_code"],
            row["criterion"],
        )
        for row in rows.iter_rows(named=True)
    )
    return _step("changed", f"{told}{_bands(facts.moves)}.", points)


def _bands(moves: pl.DataFrame) -> str:
    how = moves["how"].to_list()
    better, worse, first = how.count("better"), how.count("worse"), how.count("first") + how.count("opened")
    said = [f"{counted(better, 'band')} rose, {worse or 'none'} fell"] if better else []
    said = said or ([f"{counted(worse, 'band')} fell, none rose"] if worse else [])
    said += [f"{first} {'was' if first == 1 else 'were'} given for the first time"] if first else []
    return f"; {', '.join(said)}" if said else "; no band rose or fell"


# --- what fails, and what is about to ---------------------------------------------------------------------------------


def _hottest(facts: Facts) -> Step:
    rows = hottest(facts.headroom, facts.before)
    if rows.is_empty():
        return _step("hottest", "No criterion fails anywhere.")
    new, places = int(rows["is_new"].sum()), rows["department_code"].n_unique()
    verb = "fails" if rows.height == 1 else "fail"
    where = "" if places == 1 else f" in {places} departments"
    fresh = f", {new} of them anew since {in_words(facts.since)}" if new else ""
    told = f"{_number(rows.height, 'criterion', 'criteria').capitalize()} {verb}{where}{fresh}."
    return _step("hottest", told, (_of_criterion(facts, row) for row in rows.iter_rows(named=True)))


def _of_criterion(facts: Facts, row: Row) -> Point:
    words = f"{row['why']} {_work(facts, row)}"
    return Point(_name(facts, row), words, row["status"], row["department_code"], row["criterion"])


def _work(facts: Facts, row: Row) -> str:
    """Whether anybody works on the elements of a criterion, and how many actions are late."""
    of = facts.standard.elements
    here = [element.code for element in of if element.criterion == row["criterion"]]
    code = pl.col("department_code").eq_missing(pl.lit(row["department_code"], pl.String))
    undone = facts.actions.filter(code, pl.col("element").is_in(here), pl.col("state").is_in(UNDONE))
    if undone.is_empty():
        return "No action is open."
    late = undone.filter(state="overdue").height
    is_open = f"{counted(undone.height, 'action')} {'is' if undone.height == 1 else 'are'} open"
    return f"{is_open}, {late} of them late." if late else f"{is_open}, in time."


def _at_limit(facts: Facts) -> Step:
    rows = at_limit(facts.headroom)
    if rows.is_empty():
        return _step("at_limit", "No department is at its limit.")
    one = rows.height == 1
    told = f"{'One department is at its' if one else f'{rows.height} departments are at their'} limit: one more partial"
    points = (_of_department(facts, row) for row in rows.iter_rows(named=True))
    return _step("at_limit", f"{told} in a tight criterion and {'it fails' if one else 'they fail'}.", points)


def _of_department(facts: Facts, row: Row) -> Point:
    more = f" {row['tight'] - 1} more at the limit." if row["tight"] > 1 else ""
    return Point(_name(facts, row), f"{row['why']}{more}", "at_limit", row["department_code"], row["criterion"])


# --- the cycle --------------------------------------------------------------------------------------------------------


def _cycle(facts: Facts, completion: pl.DataFrame, visits: pl.DataFrame) -> Step:
    elements, sites = coverage_at_risk(completion, visits), sites_at_risk(visits)
    certificates = {*elements["certificate_code"], *sites["certificate_code"]}
    if not certificates:
        return _step("cycle", "Every cycle can be completed, and no site is at risk.")
    verb = "is" if len(certificates) == 1 else "are"
    told = f"{counted(len(certificates), 'certificate').capitalize()} {verb} at risk"
    parts = [f"coverage of {elements.height}"] if elements.height else []
    parts += [f"sites of {sites.height}"] if sites.height else []
    points = [
        *(_of_coverage(facts, row) for row in elements.iter_rows(named=True)),
        *(_of_sites(facts, row) for row in sites.iter_rows(named=True)),
    ]
    return _step("cycle", f"{told}: {' and '.join(parts)}.", points)


def _of_coverage(facts: Facts, row: Row) -> Point:
    status = "fails" if row["can_complete"] is False else "incomplete"
    end = f" It ends in {counted(row['days_to_expiry'], 'day')}."
    return Point(_name(facts, row), f"{row['sentence']}{end}", status, row["department_code"], "", "coverage",
                 row["certificate_code"], "Coverage")  # fmt: skip


def _of_sites(facts: Facts, row: Row) -> Point:
    must, owed = row["must_visit_outstanding"], row["outstanding"] or 0
    told = [f"{counted(owed, 'site')} still to visit"] if owed else []
    told += [f"{counted(must, 'must-visit site')} owed"] if must else []
    words = f"{', '.join(told)}; the certificate ends in {counted(row['days_to_expiry'], 'day')}."
    return Point(_name(facts, row), words, "at_limit", row["department_code"], "", "sites", row["certificate_code"],
                 "Sites")  # fmt: skip


# --- what is done and what is not -------------------------------------------------------------------------------------


def _actions(facts: Facts) -> Step:
    rows = facts.actions.filter(state="overdue")
    if rows.is_empty():
        return _step("actions", "No action is overdue.")
    places, most = rows["department_code"].n_unique(), rows["days_over"].max()
    where = "" if places == 1 else f" in {places} departments"
    told = f"{counted(rows.height, 'action').capitalize()} {'is' if rows.height == 1 else 'are'} overdue{where}"
    points = (_of_action(facts, row) for row in rows.iter_rows(named=True))
    return _step("actions", f"{told}, the oldest by {counted(int(str(most)), 'day')}.", points)


def _of_action(facts: Facts, row: Row) -> Point:
    element = f"{row['element']}: " if row["element"] else ""
    owner = row["owner"] or "nobody named"
    words = f"{element}{_brief(row['action'])}; {owner}, {counted(row['days_over'], 'day')} over."
    return Point(_name(facts, row), words, "", row["department_code"], row["element"] or "", "actions")


def _decide(facts: Facts) -> Step:
    rows = to_decide(facts)
    late = rows.filter(pl.col("action").is_not_null()).height
    bare = rows.height - late
    told = [f"{counted(bare, 'finding')} without an action"] * bool(bare)
    told += [f"{counted(late, 'late action')}"] * bool(late)
    if not told:
        return _step("decide", "Nothing waits: every finding in a failing or tight criterion has an action in time.")
    points = (_to_decide(facts, row) for row in rows.iter_rows(named=True))
    return _step("decide", f"In criteria that fail or are at their limit: {' and '.join(told)}.", points)


def _to_decide(facts: Facts, row: Row) -> Point:
    known = facts.standard.element.get(row["element"])
    what = f"{row['element']}{f' {known.title}' if known else ''}"
    if row["action"] is None:
        words = f"{what}: nobody works on it. Who does what, by when?"
    else:
        over = counted(row["days_over"], "day")
        words = f"{what}: its action is {over} over ({row['owner'] or 'nobody named'}). A new day, or help?"
    return Point(_name(facts, row), words, row["status"], row["department_code"], row["element"])


def _brief(text: str) -> str:
    """So much of a sender's words as fits on a wall; the page that shows the action has all of them."""
    words = " ".join(text.split())
    return words if len(words) <= BRIEF else f"{words[: BRIEF - 1].rstrip()}…"


def _name(facts: Facts, row: Row) -> str:
    code = row["department_code"]
    return facts.names.get(code) or code or ""


def _number(number: int, one: str, several: str) -> str:
    return f"{number or 'no'} {one if number == 1 else several}"
