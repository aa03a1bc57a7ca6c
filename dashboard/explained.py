"""What every figure on a screen means, and from which rule it follows: the one place that the "?" on pages reads.

`TERMS` says it by key; a kind of cell of dashboard.table is a key, so every table explains its columns by itself.
`PAGES` says of each page of the menu which question it answers and which figures stand on it. `rule` is a heading of
docs/scheme.md or docs/sending.md, `section` the section of measures.md that the heading implements, "" where the rule
is ours alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A figure or sign: its name on screen, what it means in plain words, and where its rule stands."""

    name: str
    means: str
    rule: str
    section: str = ""


_STANDING = "Which band is in force"
_HEADROOM = "How close a criterion is to failing"
_COVERAGE = "What the cycle has covered"
_VISITS = "Which sites are still to visit"
_MOVEMENT = "What moved between two days"
_WRONG = "What is going wrong"
_WORK = "Actions, findings and evidence"
_RENEWAL = "Whether a certificate would be renewed"
_REVIEW = "The next review"
_CLOCKS = "Two clocks"

TERMS: Mapping[str, Term] = {
    # --- kinds of cells -----------------------------------------------------------------------------------------------
    "band": Term(
        "Band",
        "How an element was judged at the latest formal assessment that looked at it: + compliance plus, C compliant, "
        "P partial, N non-compliant, – not applicable, · not assessed. It stays in force until a later one replaces "
        "it, and fades as it ages.",
        _STANDING,
        "2",
    ),
    "counts": Term(
        "Elements by band",
        "How many elements are in each band, as counts. Bands are never averaged: they have an order, but no distance.",
        _HEADROOM,
        "3",
    ),
    "status": Term(
        "Status",
        "The first that holds: fails (a non-compliant element, or more partials than allowed), at limit (not one "
        "partial more), incomplete (something was never assessed), passes. A department has the status of its worst "
        "criterion. An indication is made of bands rolled up from below, and is no verdict.",
        _HEADROOM,
        "3",
    ),
    "headroom": Term(
        "Headroom",
        "Partials found of partials allowed: 2/3 leaves one more. Each criterion allows a number of its own, which the "
        "certification body sets; it is not a percentage.",
        _HEADROOM,
        "3",
    ),
    "marks": Term(
        "Partials used",
        "A box for every partial that the criterion may have: filled is used, empty is left, red lies beyond the "
        "limit. An N beside them counts what is non-compliant, which fails the criterion by itself.",
        _HEADROOM,
        "3",
    ),
    "share": Term(
        "Share",
        "Part of the whole, with the counts behind it. Empty, and neither 0 % nor 100 %, where there is nothing yet.",
        _HEADROOM,
        "3",
    ),
    "state": Term(
        "Looked at, planned, owed, missed",
        "Whether an element was looked at in a year of the certificate's cycle. Annual elements are due every year, "
        "all others once in the cycle; missed can no longer be made good.",
        _COVERAGE,
        "4",
    ),
    "change": Term(
        "Better or worse",
        "An arrow up is better, down is worse, across is the same; only results of the department's own count.",
        _MOVEMENT,
    ),
    "difference": Term(
        "Own against assessors'",
        "For how many elements a department rates itself higher than its assessors did, lower, and the same.",
        _STANDING,
        "2",
    ),
    # --- figures of pages ---------------------------------------------------------------------------------------------
    "standing": Term(
        "How the programme stands",
        "Departments are counted by their status on the day; forty sound departments with one partial each do not add "
        "up to a failing whole, so there is no verdict on the organisation unless it was assessed itself.",
        _STANDING,
        "2",
    ),
    "rolled_up": Term(
        "Indication",
        "Dotted: not assessed itself. The band follows from its sites and the departments below it.",
        _STANDING,
        "2",
    ),
    "tightest": Term(
        "Tightest criterion",
        "The one with the worst status, then the one with the fewest partials left.",
        _HEADROOM,
        "3",
    ),
    "coverage": Term(
        "Coverage",
        "Elements that a formal assessment looked at in this cycle of the certificate, whatever it found.",
        _COVERAGE,
        "4",
    ),
    "completes": Term(
        "Can this cycle still be completed?",
        "What is still owed, against the reviews left and how many elements a review of this holder usually looks at "
        "(the median).",
        _COVERAGE,
        "4",
    ),
    "owed": Term(
        "Owed",
        "Elements not looked at in this cycle, and annual ones that a running year lacks.",
        _COVERAGE,
        "4",
    ),
    "visits": Term(
        "Sites still to visit",
        "The number that the certificate states, less the sites visited in this cycle. Must-visit sites are owed "
        "whatever the number. A visit counts once, held on site, while the site was in scope.",
        _VISITS,
        "5",
    ),
    "checks": Term(
        "Checks of the renewal",
        "What the renewal assessor is asked to check: reports, elements, sites, pass mark and trend; today, and on "
        "the last day of the cycle with what is planned.",
        _RENEWAL,
        "6",
    ),
    "movement": Term(
        "Kept, gained, lost",
        "Of every band: kept had it on both days, gained only on the later, lost only on the earlier.",
        _MOVEMENT,
    ),
    "alarms": Term(
        "More than chance?",
        "Whether departments agree so much on going down that chance alone would hardly do it. Otherwise the falls are "
        "listed, and nothing more is said of them.",
        _WRONG,
    ),
    "steps": Term(
        "How far an assessment is",
        "Each assessment goes from self-assessment to its report; the next step and its day follow from what is "
        "booked and recorded.",
        "How far an assessment is",
    ),
    "need": Term(
        "Need",
        "In which order elements should be looked at next: what is owed first, then what is below compliant and was "
        "not looked at since, then what fell, then what was looked at longest ago.",
        _REVIEW,
    ),
    "plan": Term(
        "Visit plan",
        "Which sites fit which review, so that what is owed is visited and ways stay short. A plan moves no figure "
        "until it is taken over.",
        "Which sites to visit in which review",
    ),
    "safety": Term(
        "Way to safety",
        "The fewest elements that a department has to bring to compliant so that every criterion passes with room "
        "left; no smaller set does it.",
        "The way to safety",
    ),
    "exemplars": Term(
        "Who does it well",
        "Departments that hold compliance plus for the element, the nearest in the tree first.",
        "Exemplars",
    ),
    "estimate": Term(
        "Estimate of losing the award",
        "The chance that a criterion fails at the next formal assessment if elements go on moving as they did here. It "
        "is an estimate with a range, and no verdict.",
        "The chance of losing the award",
    ),
    "actions": Term(
        "Actions and findings",
        "A finding is an element that is partial or non-compliant by a result of the department's own. It is without "
        "an action where none is open and none waits to be looked at again.",
        _WORK,
    ),
    "evidence": Term(
        "Evidence",
        "What shows that an element is met, until its day of expiry; an element with expired evidence alone has none.",
        _WORK,
    ),
    "promises": Term(
        "Kept promises",
        "A promise is kept where its newest period reached the target, or went beyond it in the direction that its "
        "sender names. Without a target neither is said.",
        "How promises are kept",
    ),
    "customers": Term(
        "Customer groups",
        "Whom a department serves, who of them is harder to reach, and what was asked, learnt and done for them.",
        "Whom departments serve",
    ),
    "scenario": Term(
        "Scenario",
        "What would follow if some cells had another band. It follows from the same rules, and moves no figure.",
        "What if",
    ),
    "arrivals": Term(
        "Arrivals",
        "What each department should have sent by now, and how old the newest of it is.",
        "What is expected",
    ),
    "loads": Term(
        "Loads",
        "Everything that was sent, in the order in which it came. Every row read is loaded, known already, a "
        "duplicate, without a result, or set aside with the reason.",
        "What happens to it",
    ),
    "clocks": Term(
        "As of, and known at",
        "As of: the day for which a figure holds. Known at: what had been received by a moment, so that a later "
        "correction does not change what was known then.",
        _CLOCKS,
    ),
}


@dataclass(frozen=True)
class About:
    """What a page is for: the question that it answers, and the keys of TERMS that stand on it."""

    question: str
    terms: tuple[str, ...]


PAGES: Mapping[str, About] = {
    "overview": About(
        "How do we stand today, who needs help, and what comes next?", ("standing", "status", "change", "clocks")
    ),
    "heatmap": About("Where is it hot: which department, which criterion?", ("headroom", "band", "rolled_up", "share")),
    "headroom": About("How many more partials can each criterion bear?", ("marks", "status", "tightest")),
    "department": About("How does one department stand, and since when?", ("status", "marks", "band", "movement")),
    "trend": About("What moved, and is it more than chance?", ("movement", "alarms", "change")),
    "coverage": About("What must still be looked at before the certificate ends?", ("coverage", "owed", "completes")),
    "sites": About("Which sites must still be visited?", ("visits",)),
    "renewal": About("Would the certificate be renewed today, and at its end?", ("checks", "owed", "visits")),
    "journey": About("How far is each assessment, and what is the next step?", ("steps", "share")),
    "scope": About("What should the next review look at?", ("need", "owed", "completes")),
    "visitplan": About("Which sites should be visited in which review?", ("plan", "visits")),
    "safety": About("What is the shortest way out of danger?", ("safety", "status")),
    "element": About("How is one element met across departments?", ("counts", "exemplars", "evidence")),
    "actions": About("Who does what by when, and what does nobody work on?", ("actions",)),
    "evidence": About("What shows that each element is met, and what has expired?", ("evidence",)),
    "groups": About("Whom do we serve, and what did we learn about them?", ("customers",)),
    "standards": About("Do we keep what we promised?", ("promises",)),
    "scenarios": About("What would follow if some bands were otherwise?", ("scenario", "headroom")),
    "arrivals": About("Who has sent what, and who is late?", ("arrivals", "clocks")),
    "data": About("What came in, and what became of each row?", ("loads", "clocks")),
    "understood": About("How were the senders' words and tables understood?", ("loads", "difference")),
}

_WORDS = {
    "page": "What this page says",
    "term": "What this means",
    "columns": "What the columns mean",
    "rule": "Rule",
    "section": "(measures, {})",
    "close": "Close",
}


def button(key: str) -> str:
    """What the "?" for a key of TERMS is called, or for "page"; KeyError for any other."""
    return _WORDS["page"] if key == "page" else f"{_WORDS['term']}: {TERMS[key].name}"


def told(paths: Mapping[str, str]) -> str:
    """All of it as the JSON that assets/explained.js reads; `paths`: the address of each page by its name in PAGES."""
    pages = {path: {"q": PAGES[name].question, "t": PAGES[name].terms} for name, path in paths.items()}
    terms = {key: [term.name, term.means, term.rule, term.section] for key, term in TERMS.items()}
    return json.dumps({"pages": pages, "terms": terms, "words": _WORDS}, ensure_ascii=False)
