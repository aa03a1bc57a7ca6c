"""The sentences of scheme.safety: why an element is on the way to safety, and what no mending can reach."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from scheme.sentences import day as in_words
from scheme.standard import Standard
from scheme.standing import CORPORATE


def why_mend(
    standard: Standard, names: Mapping[str, str], day: date, row: dict[str, Any], below: list[tuple[str, str]]
) -> str:
    """The reason in a sentence: the band and since when, what is being done, who does it well, who looks at it."""
    label = standard.band[row["band"]].label.lower()
    said = [f"{label} since {in_words(row['since_on'])}" if row["since_on"] else label]
    if row["rolled_up"]:
        said = [f"{label}, rolled up from below, an indication; {_mended_below(standard, below)}"]
    if row["has_action"]:
        due_on = row["action_due_on"]
        when = f"{'due' if due_on >= day else 'overdue since'} {in_words(due_on)}" if due_on else "with no day set"
        said.append(f"an action is open, {when}")
    else:
        said.append("no action is open")
    if row["nearest"]:
        more = row["exemplars"] - 1
        hold = f" and {more} more hold" if more else " holds"
        said.append(f"{names.get(row['nearest'], row['nearest'])}{hold} {standard.bands[0].label.lower()}")
    if row["review_on"]:
        of, own = row["review_of"], row["department_code"] or CORPORATE
        whose = "" if of == own else f" ({names.get(of, of) or 'the corporate body'})"
        said.append(f"the {row['review_type'].replace('_', ' ')} of {in_words(row['review_on'])}{whose} looks at it")
    return f"{row['element']}: {'; '.join(said)}."


def _mended_below(standard: Standard, below: list[tuple[str, str]]) -> str:
    if not below:
        return "to be mended below"
    shown = [f"{name} ({standard.band[band].label.lower()})" for name, band in below[:5]]
    more = len(below) - len(shown)
    return f"to be mended below, in {', '.join(shown)}{f' and {more} more' if more else ''}"


def why_not(row: dict[str, Any], left: int) -> str:
    """What keeps a criterion from being safe that no mending can reach; a row of headroom."""
    said = []
    if row["allowance"] < left:
        most = f"{row['allowance']} can ever be left" if row["allowance"] else "no partial is allowed, so none is left"
        said.append(f"{most}, not {left}")
    if missing := row["not_assessed"]:
        what = "element was never assessed" if missing == 1 else "elements were never assessed"
        said.append(f"{missing} {what} and must be before it passes")
    if row["indicative"]:
        said.append("bands rolled up from below give an indication and no verdict")
    return f"Criterion {row['criterion']}: {'; '.join(said)}."
