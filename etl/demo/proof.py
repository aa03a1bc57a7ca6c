"""What surrounds the results of the demo: actions, evidence, customer groups and service standards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from etl.demo.bands import NONE, PARTIAL, Looks
from etl.demo.cast import Cast, chance, phrases
from etl.demo.reviews import Review, working_day

Row = dict[str, Any]
REMEMBERED = 1400  # days for which actions are kept


@dataclass(frozen=True)
class Action:
    """Something to be done about an element, from the day on which it was agreed."""

    code: str
    department: str
    element: str
    action: str
    owner: str
    raised_on: date
    due_on: date
    closed_on: date | None
    origin: str
    review: str
    recheck_on: date | None

    def row(self, day: date) -> Row:
        """The action as its department told of it on the day."""
        closed = self.closed_on if self.closed_on is not None and self.closed_on <= day else None
        begun = (day - self.raised_on).days > 60
        return {
            "action_code": self.code,
            "department_code": self.department,
            "element": self.element,
            "action": self.action,
            "owner": self.owner,
            "due_on": self.due_on,
            "status": "closed" if closed else "in progress" if begun else "open",
            "origin": self.origin,
            "assessment_code": self.review,
            "recheck_on": self.recheck_on,
            "closed_on": closed,
        }


def actions(cast: Cast, looks: Mapping[str, Looks], reviews: Sequence[Review], seed: int, today: date) -> list[Action]:
    """One action for each partial or non-compliant when it was new, and a few that assessors merely suggested."""
    says, given = phrases(), []
    ahead: dict[str, Review] = {}
    for review in reviews:
        if review.planned and review.formal:
            ahead.setdefault(review.department, review)
    for code in cast.everyone:
        number = 0
        for element, seen in looks[code].items():
            for at, (review, band) in enumerate(seen):
                by = chance(seed, review.code, element, "action")
                weak = band in (PARTIAL, NONE)
                news = weak and (at == 0 or seen[at - 1][1] != band)
                if (today - review.day).days > REMEMBERED or not (news or (not weak and by.random() < 0.025)):
                    continue
                number += 1
                mended = next((then for then, later in seen[at + 1 :] if later not in (PARTIAL, NONE)), None)
                due = working_day(review.day + timedelta(by.randint(90, 270)))
                closed = mended.day - timedelta(by.randint(5, 40)) if mended and weak else None
                if not weak and (today - due).days > 0:
                    closed = due - timedelta(by.randint(0, 30))
                if closed is None and weak and cast.everyone[code].late:
                    due = working_day(today - timedelta(by.randint(5, 45)))
                elif closed is None and (today - due).days > 0:  # put off once already
                    due = working_day(today + timedelta(by.randint(-90, 120)))
                is_recent = closed is None or (today - closed).days < 300
                recheck = ahead[code].day if is_recent and code in ahead else None
                given.append(
                    Action(
                        f"{code or 'CORP'}-A{number:02}",
                        code,
                        element,
                        by.choice(says.words["actions"]).format(weak=says.elements[element][1])
                        if weak
                        else by.choice(says.words["areas"]),
                        by.choice(says.words["owners"]),
                        review.day,
                        due,
                        closed if closed is None or closed > review.day else review.day + timedelta(14),
                        {PARTIAL: "partial", NONE: "non_compliant"}.get(band, "area for improvement"),
                        review.code,
                        recheck,
                    )
                )
    return given


def evidence(cast: Cast, looks: Mapping[str, Looks], seed: int, today: date) -> Iterator[Row]:
    """Evidence of every assessed department: a code recurs under all elements that it serves."""
    says = phrases()
    for code, department in cast.everyone.items():
        if not (looks[code] or department.by_site):
            continue
        for item in says.evidence:
            by = chance(seed, cast.code, code, item["code"])
            if by.random() > 0.72:
                continue
            owner, expires = by.choice(says.words["owners"]), today + timedelta(by.randint(-120, 700))
            dated, seen = by.random() < 0.4, item["kind"] == "observed"
            places = [s.code for s in cast.sites if code in s.departments and s.in_scope(today, today)]
            # Half of what is seen on site is seen at one of them, the rest at any.
            place = by.choice(places) if seen and places and by.random() < 0.5 else None
            for element in item["elements"]:
                yield {
                    "department_code": code,
                    "element": element,
                    "evidence_code": item["code"],
                    "evidence": f"{item['title']}, {department.name if code else 'whole organisation'}",
                    "kind": item["kind"],
                    "site_code": place,
                    "shown_by": owner if seen else None,
                    "link": None if seen else f"https://evidence.{cast.mail}/{code or 'corporate'}/{item['code'][3:]}",
                    "owner": owner,
                    "expires_on": expires if dated else None,
                    "note": "see on site" if seen else None,
                }


def customer_groups(cast: Cast, looks: Mapping[str, Looks], seed: int, today: date) -> Iterator[Row]:
    """The customer groups that each assessed department knows."""
    for code in cast.everyone:
        by = chance(seed, cast.code, code, "groups")
        if looks[code]:
            for group in sorted(by.sample(phrases().groups, by.randint(3, 5)), key=lambda group: group["group"]):
                dice = chance(seed, cast.code, code, group["group"], "told").random()  # apart: the rest stays as it was
                about = ["1.1.1", *(["1.1.3"] if group.get("hard_to_reach") else [])]
                about += [
                    element for element, often in (("1.2.2", 0.7), ("1.3.2", 0.5), ("1.3.5", 0.25)) if dice < often
                ]
                yield {
                    "department_code": code,
                    "hard_to_reach": False,
                    "disadvantaged": False,
                    **group,
                    "reviewed_on": today - timedelta(by.randint(30, 900)),
                    "elements": tuple(about),
                }


def quarters(day: date, many: int) -> list[tuple[str, date]]:
    """The last so many quarters over on the day, the earliest first, with the day after each."""
    year, quarter = day.year, (day.month - 1) // 3
    given = []
    for _ in range(many):
        after = date(year, quarter * 3 + 1, 1)
        year, quarter = (year, quarter - 1) if quarter else (year - 1, 3)
        given.append((f"{year}-Q{quarter + 1}", after))
    return given[::-1]


def service_standards(cast: Cast, looks: Mapping[str, Looks], seed: int, day: date, many: int) -> Iterator[Row]:
    """The promises of each assessed department with what was achieved in the quarters before the day."""
    for code, department in cast.everyone.items():
        if not looks[code] or not code:
            continue
        for promise in phrases().promises:
            by = chance(seed, cast.code, code, promise["promise"])
            if by.random() > 0.7:
                continue
            better = 1 if promise["direction"] == "higher" else -1
            usual, benchmark = by.uniform(-0.3, 0.9), by.uniform(-0.6, 0.5)
            for period, _after in quarters(day, many):
                dice = chance(seed, cast.code, code, promise["promise"], period)
                if department.silent_days:
                    continue
                achieved = promise["target"] + better * promise["spread"] * (usual + dice.uniform(-0.5, 0.5))
                yield {
                    "department_code": code,
                    **{key: promise[key] for key in ("promise", "channel", "unit", "direction", "target")},
                    "period": period,
                    "achieved": round(max(0.5, min(achieved, 100 if promise["unit"] == "%" else achieved)), 1),
                    "benchmark": round(promise["target"] + better * promise["spread"] * benchmark, 1),
                    "elements": tuple(promise["elements"]),
                    "published_link": f"https://www.{cast.mail}/standards/{code.lower()}",
                }
