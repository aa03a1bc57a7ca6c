"""Alerts: what of the facts of a day somebody must hear of, once for as long as it holds (issue 6, item 5).

The issue names the kinds and the steps of 90, 30 and 7 days; the rest is **ours**:

- What holds on a day has a key: the kind, what it is about and, where something is due, the step that is reached. What
  holds under the same key on two days running is one thing and told once; what ceases and comes back is told again.
- A criterion is told of where own bands make its status: one with bands rolled up from below is an indication and no
  verdict (measures.md section 2), and what is behind it is told of the department below.
- Of a certificate that has ended or expired nothing but that it expired is told: nobody can complete it.
- A form is told of until it is handed in and its review begins; results are overdue as scheme.arrivals says.
- Evidence is told of at 30 and 7 days; 90 would be most of it, and what has expired stands on its page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from scheme.frames import Schema
from scheme.sentences import counted, day
from scheme.standard import code_order

# In the order in which they are told.
KINDS = ("failing", "headroom", "coverage", "visits", "expiry", "form", "overdue", "evidence")
STEPS = (90, 30, 7)
OVER = 0  # the step of what has passed
STEPS_OF_EVIDENCE = (30, 7)
ALERTS: Schema = {
    "key": pl.String,
    "kind": pl.String,  # one of KINDS
    "department_code": pl.String,  # null: the corporate body; of a certificate, its holder
    "certificate_code": pl.String,  # null where it is about none
    "criterion": pl.String,  # null where it is about none
    "on": pl.Date,  # when it is due; null where nothing is
    "sentence": pl.String,
}
_TYPES = {"initial": "first assessment"}  # what is not said as it is written
_STEPPED = ("expiry", "form", "evidence")  # whose keys end with their step
_Row = tuple[str, str, str | None, str | None, str | None, date | None, str]


@dataclass(frozen=True)
class Facts:
    """What alerts of a day are made of; each frame holds what the recipient may see and no other row.

    headroom: scheme.headroom.headroom; completion: scheme.coverage.completion; visits_left:
    scheme.visits_left.visits_left; certificates: scheme.cycle.certificates_on; forms: scheme.arrivals.review_forms of
    all that is known; expected: scheme.arrivals.expected; evidence: scheme.evidence.evidence. `names` are those of the
    departments, and under None the organisation's.
    """

    day: date
    headroom: pl.DataFrame
    completion: pl.DataFrame
    visits_left: pl.DataFrame
    certificates: pl.DataFrame
    forms: pl.DataFrame
    expected: pl.DataFrame
    evidence: pl.DataFrame
    names: Mapping[str | None, str]

    def called(self, code: str | None) -> str:
        """A department's name; its code where it has none (any more)."""
        return self.names.get(code) or code or ""


def alerts(facts: Facts) -> pl.DataFrame:
    """What holds on the day of the facts and is to be told: columns and dtypes are ALERTS's.

    In the order of KINDS; then the earliest day first, then by code. Each key is there once.
    """
    running = _running(facts)
    rows = [*_criteria(facts), *_coverage(facts, running), *_visits(facts, running)]
    rows += [*_expiries(facts), *_forms(facts), *_overdue(facts), *_evidence(facts)]
    rows.sort(key=lambda row: (KINDS.index(row[1]), row[5] or date.max, code_order(row[2]), code_order(row[0])))
    return pl.DataFrame(rows, ALERTS, orient="row")


def beside(these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """The alerts of `these` whose key is not in `those`: what is new against before, or over against now."""
    return these.join(those.select("key"), on="key", how="anti", maintain_order="left")


def thing(key: str) -> str:
    """What an alert's key is about, whichever step of it is reached: one that goes on to the next has not ceased."""
    return key.rpartition(":")[0] if key.partition(":")[0] in _STEPPED else key


def step_of(days: int, steps: tuple[int, ...] = STEPS) -> int | None:
    """The step that so many days before something are in; OVER once it is past, None where it is far away."""
    if days < 0:
        return OVER
    return min((step for step in steps if days <= step), default=None)


def _running(facts: Facts) -> set[str]:
    ended = (pl.col("ended_on") <= facts.day).fill_null(value=False)
    return set(facts.certificates.filter(~ended, pl.col("expires_on") > facts.day)["certificate_code"])


def _criteria(facts: Facts) -> list[_Row]:
    told = {"fails": "failing", "at_limit": "headroom"}
    found: list[_Row] = []
    # Where a criterion allows none, no headroom is what it has with nothing wrong in it.
    bad = facts.headroom.filter(
        ~pl.col("indicative"),
        (pl.col("status") == "fails") | ((pl.col("status") == "at_limit") & (pl.col("partial") > 0)),
    )
    for code, criterion, status, why in bad.select("department_code", "criterion", "status", "why").iter_rows():
        kind = told[status]
        key = f"{kind}:{code or ''}:{criterion}"
        found.append((key, kind, code, None, criterion, None, f"{facts.called(code)}: {why}"))
    return found


def _coverage(facts: Facts, running: set[str]) -> list[_Row]:
    lost = facts.completion.filter(can_complete=False)
    return [
        (f"coverage:{code}", "coverage", holder, code, None, None, _lost(facts, holder, code, "coverage", why))
        for code, holder, why in lost.select("certificate_code", "department_code", "sentence").iter_rows()
        if code in running
    ]


def _visits(facts: Facts, running: set[str]) -> list[_Row]:
    lost = facts.visits_left.filter(can_complete=False)
    return [
        (f"visits:{code}", "visits", holder, code, None, None, _lost(facts, holder, code, "visits", why))
        for code, holder, why in lost.select("certificate_code", "department_code", "sentence").iter_rows()
        if code in running
    ]


def _lost(facts: Facts, holder: str | None, code: str, what: str, why: str) -> str:
    return f"{facts.called(holder)}: the {what} of certificate {code} can no longer be completed. {why}"


def _expiries(facts: Facts) -> list[_Row]:
    found: list[_Row] = []
    for row in facts.certificates.iter_rows(named=True):
        code, holder, on = row["certificate_code"], row["department_code"], row["expires_on"]
        # It is the first day without the certificate: on that day it is past.
        step = OVER if on <= facts.day else step_of((on - facts.day).days)
        if step is None or (row["ended_on"] is not None and row["ended_on"] <= facts.day):
            continue
        said = _due(f"{facts.called(holder)}: certificate {code}", "expires", "expired", on, facts.day, step == OVER)
        found.append((f"expiry:{code}:{step}", "expiry", holder, code, None, on, said))
    return found


def _forms(facts: Facts) -> list[_Row]:
    found: list[_Row] = []
    for row in facts.forms.iter_rows(named=True):
        on, submitted_on, step = row["form_on"], row["submitted_on"], step_of((row["form_on"] - facts.day).days)
        is_in = submitted_on is not None and submitted_on <= facts.day
        if step is None or is_in or row["begins_on"] < facts.day:
            continue
        code, kind = (
            row["department_code"],
            _TYPES.get(row["assessment_type"]) or row["assessment_type"].replace("_", " "),
        )
        what = f"{facts.called(code)}: the form for the {kind} on {day(row['begins_on'])}"
        said = _due(what, "is due", "was due", on, facts.day, step == OVER)
        found.append((f"form:{row['assessment_code']}:{step}", "form", code, None, None, on, said))
    return found


def _overdue(facts: Facts) -> list[_Row]:
    late = facts.expected.filter(what="results", state="overdue")
    return [
        (
            f"overdue:{code}:{due_on or ''}",
            "overdue",
            code,
            None,
            None,
            due_on,
            _late(facts.called(code), due_on, last_on),
        )
        for code, due_on, last_on in late.select("department_code", "due_on", "on").iter_rows()
    ]


def _late(name: str, due_on: date | None, last_on: date | None) -> str:
    said = f"{name}: results are overdue" + (f" since {day(due_on)}" if due_on else "")
    return f"{said}; the newest are of {day(last_on)}." if last_on else f"{said}; none have come yet."


def _evidence(facts: Facts) -> list[_Row]:
    found: list[_Row] = []
    for row in facts.evidence.iter_rows(named=True):
        on, code = row["expires_on"], row["department_code"]
        if on is None or on <= facts.day:
            continue
        step = step_of((on - facts.day).days, STEPS_OF_EVIDENCE)
        if step is None:
            continue
        called = f"{row['evidence_code']} ({row['evidence']})" if row["evidence"] else row["evidence_code"]
        said = _due(f"{facts.called(code)}: evidence {called}", "expires", "", on, facts.day, False)
        key = f"evidence:{code or ''}:{row['evidence_code']}:{on}:{step}"
        found.append((key, "evidence", code, None, None, on, said))
    return found


def _due(what: str, will: str, did: str, on: date, today: date, is_over: bool) -> str:
    days = (on - today).days
    when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {counted(days, 'day')}"
    return f"{what} {did} on {day(on)}." if is_over else f"{what} {will} on {day(on)}, {when}."
