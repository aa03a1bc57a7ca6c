"""What is told of a report: what it was taken for and how surely, what was left out, what contradicts itself."""

from collections.abc import Sequence
from itertools import groupby

from etl.layouts.report_cover import Cover
from etl.layouts.report_findings import Findings
from etl.layouts.report_lines import Line
from etl.layouts.report_summaries import summed_tables, told
from scheme.words import Words

Placed = tuple[Line, dict[str, str], str | None]  # where it stands, its cells by our names, what is wrong with it
_LISTED = 20


def recognised(rows: Sequence[Placed], found: Findings, cover: Cover, doubts: Sequence[str], words: Words) -> list[str]:
    """What the report was recognised as, in a sentence that ends with `sure`, or with `likely` and what is missing."""
    elements = {words.element(row["element"])[0] or row["element"] for _, row, _ in rows}
    tables = f"{found.tables} table{'s' if found.tables > 1 else ''}" if found.tables else "paragraphs"
    by = f", assessor {cover.assessor}" if cover.assessor else ""
    sure = f"likely: {'; '.join(doubts)}" if doubts else "sure"
    kind = cover.assessment_type.replace("_", " ")
    many = f"{len(elements)} element{'s' if len(elements) != 1 else ''}"
    return [f"recognised as an assessor's report ({kind}): {many} in {tables}, {cover.said}{by}; {sure}"]


def left_and_summed(rows: Sequence[Placed], found: Findings, cover: Cover, plus_only: bool, words: Words) -> list[str]:
    """What is restated, what nothing was taken from, and which summaries contradict the rows."""
    notes = []
    if plus_only:
        notes.append("a Compliance Plus Report: of elements that it does not list it says nothing")
    restated = [row["element"] for _, row, _ in rows if row["restated"] == "yes"]
    if restated:
        why = "outside the scope that the report states" if cover.scope else "with paragraphs of earlier years alone"
        notes.append(f"restated, {why}: {some(restated)}")
    if found.unbanded:
        notes.append(f"codes that stand without a band, taken for no result: {some(found.unbanded)}")
    if found.sections:
        notes.append(f"text that is no element's comment was left out, below: {some(found.sections)}")
    if found.columns_left_out:
        notes.append(f"left out: {', '.join(found.columns_left_out)}")
    if cover.recommendation and not (cover.scope or cover.reference):
        notes.append(
            f"its recommendation ({cover.recommendation[:100]}) was not kept: it states neither a scope nor a "
            "reference of the assessment; put assessment_code into [fixed] of a source file"
        )
    bands: dict[str, str] = {}
    for _, row, _ in rows:
        code, band = words.element(row["element"])[0], words.band(row["band"])[0]
        if code and band:
            bands.setdefault(code, band)
    tables = [list(part) for table, part in groupby(found.rest, lambda line: line.table) if table]
    summaries = sorted([*found.summaries, *summed_tables(tables, words)], key=lambda summary: summary.line.row)
    return notes + told(summaries, bands, words)


def some(texts: Sequence[str]) -> str:
    """The first of some texts, and how many more there are."""
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return ", ".join(texts[:_LISTED]) + more
