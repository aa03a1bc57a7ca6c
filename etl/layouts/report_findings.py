"""What an assessor's report says of each element: code, band and comment, found in its tables or paragraphs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from etl.layouts.report_columns import Columns, columns_of
from etl.layouts.report_cover import is_fact
from etl.layouts.report_lines import Line, Year, band_at, code_at, element_at, is_band, year_at
from etl.layouts.report_summaries import Summary, summaries_in
from etl.layouts.staged import Source
from scheme.words import Words

_BAND_LABEL = re.compile(
    r"(?P<sure>rating|band|compliance (?:level|rating)|level of compliance|overall rating)\s*[:|–-]\s*(?P<band>.+)"
    r"|(?:compliance|outcome|judgement|result|grade|score)\s*[:|–-]\s*(?P<perhaps>.+)",
    re.I,
)
_COMMENT_LABEL = re.compile(
    r"(?:assessor['’]?s?['’]? )?(?:comments?|findings?|evidence|narrative|commentary|feedback)\s*(?:[:|]\s*|$)", re.I
)
_SECTION = re.compile(
    r"(?:criterion \d+|summary|conclusions?|(?:overall )?recommendations?|next steps|areas? (?:for|of) |opportunit"
    r"|append|annex|good practice|action plan|introduction|background|overview|closing)\b",
    re.I,
)
_CONTENTS = re.compile(r"(?:\.\s?){5,}\|?\s*\d*$")  # dots that lead to the number of a page
_LONGEST_TITLE = 80
_AHEAD = 3  # lines after a code and its title in which its band must stand


@dataclass
class Part:
    """A paragraph below an element: of a year of a rolling programme, or of none; its own band, if it has one."""

    line: Line
    year: Year | None
    text: str
    band: str | None = None


@dataclass
class Finding:
    """What a report says of one element; `cells`: further columns of its table by our names."""

    line: Line
    element: str
    band: str | None
    parts: list[Part] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)

    def add(self, line: Line, text: str, words: Words, join: bool = False) -> None:
        """Add a paragraph of its comment, or with `join` the rest of the one before; prefixes of years split it."""
        found = year_at(text)
        if found:
            year, rest = found
            own = band_at(rest, words)
            part = Part(line, year, own[1], own[0]) if own and own[2] else Part(line, year, rest)
            self.parts.append(part)
        elif join and self.parts:
            self.parts[-1].text += ("" if re.search(r"\w-$", self.parts[-1].text) else " ") + text
        elif text and self.parts:
            self.parts[-1].text += f"\n{text}"
        elif text:
            self.parts.append(Part(line, None, text))


@dataclass
class Findings:
    """All findings of a report, its summaries, the lines that are neither, and what is told of how they were read.

    `unbanded`: places at which a code stands without a band; `doubts`: what was taken for something although not all
    its marks are there; `columns_left_out`: headings of columns that nothing was taken from; `sections`: headings that
    end a comment, below which text is nobody's.
    """

    found: list[Finding] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    rest: list[Line] = field(default_factory=list)
    tables: int = 0
    unbanded: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    columns_left_out: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)


def findings(all_lines: Sequence[Line], kind: str, plus_only: bool, source: Source, words: Words) -> Findings:
    """Read the lines of a document of that kind; `plus_only`: it is a Compliance Plus Report (inputs.md section 2).

    FileRefused where a table has two columns of bands and nothing says which one counts.
    """
    into = Findings()
    loose: list[Line] = []
    columns: Columns | None = None
    after_table = False
    for table, part in groupby(all_lines, lambda line: line.table):
        held = list(part)
        if not table:
            loose += held
            after_table = False
            continue
        columns, after_table = columns_of(held, columns, after_table, source, words), True
        if columns:
            _read_text(loose, kind, plus_only, words, into)
            loose = []
            _read_table(held, columns, kind, words, into)
        else:
            loose += held
    _read_text(loose, kind, plus_only, words, into)
    into.doubts = list(dict.fromkeys(into.doubts))
    into.columns_left_out = list(dict.fromkeys(into.columns_left_out))
    return into


def _read_table(rows: Sequence[Line], columns: Columns, kind: str, words: Words, into: Findings) -> None:
    into.tables += 0 if columns.continues else 1
    into.doubts += columns.doubts
    into.columns_left_out += columns.left_out
    current = into.found[-1] if columns.continues and into.found else None
    for line in rows[columns.first_row :]:
        cells = [line.cells[n] if n < len(line.cells) else "" for n in range(columns.width)]
        if columns.is_heading(line):
            continue
        summed = summaries_in(line, words, None)
        band, code = columns.band_of(cells), code_at(" ".join(cells[columns.element].split()))
        comments = [cells[n] for n in columns.comments if cells[n].strip()]
        if summed and not code:
            into.summaries += summed
            current = None
            continue
        if code and (element_at(code[0], words) or band.strip()):
            taken = {name: cells[n] for name, n in columns.others.items() if cells[n].strip()}
            current = Finding(line, code[0], band, cells=taken)
            into.found.append(current)
        elif band.strip():  # without a code: set aside with what stands in its place
            current = Finding(line, cells[columns.element].strip(), band)
            into.found.append(current)
        elif current is None or cells[columns.element].strip() or not comments:
            into.rest.append(line)
            current = None if cells[columns.element].strip() else current
            continue
        for comment in comments:
            for n, text in enumerate(comment.split("\n")):
                joined = kind == "pdf" and (n > 0 or bool(current.parts and line is not current.line))
                current.add(line, text.strip(), words, joined)


def _read_text(all_lines: Sequence[Line], kind: str, plus_only: bool, words: Words, into: Findings) -> None:
    current: Finding | None = None
    criterion: str | None = None
    waiting = False  # for the band of the element that a line named
    all_lines = list(_unwrapped(all_lines, words)) if kind == "pdf" else all_lines
    for n, line in enumerate(all_lines):
        text = line.text
        if at := re.match(r"(?:summary (?:of|for) )?criterion (\d+)\b", text, re.I):
            criterion = at[1]
        if summed := summaries_in(line, words, criterion):
            into.summaries += summed
            current, waiting = None, False
            continue
        started = _started(line, all_lines[n + 1 : n + 1 + _AHEAD], plus_only, words, into)
        if started:
            current, waiting = started, not started.band
            into.found.append(started)
            if kind == "pdf" and not line.table and " | " in text:
                into.doubts.append("columns without lines around them were told apart by the space between them")
            continue
        code = element_at(text, words)
        if code and current is None:
            into.unbanded.append(f"{code[0]} ({line.where})")
        ends = _ends(line, words)
        if current is None or ends:
            if current and ends and not code_at(text) and not is_fact(line) and not at:
                into.sections.append(text)
            current = None if ends else current
            into.rest.append(line)
            continue
        label = _BAND_LABEL.match(text)
        if waiting and label:
            said = label["band"] or label["perhaps"]
            own = band_at(said, words)
            if own and own[2]:
                current.band, waiting = own[0], False
                current.add(line, own[1], words)
                continue
            if label["band"]:
                current.band, waiting = said, False
                continue
        if waiting and is_band(text, words):
            current.band, waiting = text.strip("()[]:. "), False
            continue
        body = text[labelled.end() :] if (labelled := _COMMENT_LABEL.match(text)) else text
        current.add(line, body, words, kind == "pdf")
    into.found.sort(key=lambda finding: finding.line.row)


def _unwrapped(all_lines: Sequence[Line], words: Words) -> Iterator[Line]:
    """The lines of a page, the band of a column without lines around it put together where it runs over two."""
    skip = False
    for line, after in pairwise([*all_lines, Line(0, "", "", ())]):
        parts, below = line.text.split(" | "), after.text.split(" | ")
        code = code_at(parts[0])
        at = next((n for n in range(1, len(parts)) if is_band(f"{parts[n]} {below[0]}", words)), 0) if code else 0
        if skip:
            skip = False
        elif at and below[0] and after.table == line.table == "":
            skip = True
            rest = " ".join([*parts[at + 1 :], *below[1:]])
            yield Line(line.row, line.where, "", ("\t".join([*parts[:at], f"{parts[at]} {below[0]}", rest]),))
        else:
            yield line


def _started(line: Line, ahead: Sequence[Line], plus_only: bool, words: Words, into: Findings) -> Finding | None:
    """The element that a line begins: its code, then a band, or a title and a band, or a band in the next lines."""
    text = line.text
    code = element_at(text, words)
    if not code or _CONTENTS.search(text):
        return None
    rest = code[1]
    if own := band_at(rest, words):
        if not own[2]:
            into.doubts.append("some bands are set apart from their comments by a space alone")
        finding = Finding(line, code[0], own[0])
        finding.add(line, own[1], words)
        return finding
    title = re.match(r"(.*?)(?:\s*[:|–—(]\s*|\s+-\s+)([^:|–—()]+)\)?$", rest)
    if title and is_band(title[2], words):
        return Finding(line, code[0], title[2].strip())
    if rest == "" or rest.lstrip(" :|–—-")[:1].isupper() or not rest.startswith(" "):
        for other in _until_next(ahead, words):
            label = _BAND_LABEL.match(other.text)
            year = year_at(other.text)
            if (label and label["band"]) or is_band(other.text, words):
                return Finding(line, code[0], None)
            said = label["perhaps"] if label else year[1] if year else ""
            if (own := band_at(said, words)) and own[2]:
                return Finding(line, code[0], None)
        if plus_only:
            finding = Finding(line, code[0], "Compliance Plus")
            finding.add(line, rest.strip(" :|–—-."), words)
            return finding
    return None


def _until_next(ahead: Sequence[Line], words: Words) -> Iterator[Line]:
    for line in ahead:
        if element_at(line.text, words):
            return
        yield line


def _ends(line: Line, words: Words) -> bool:
    """Whether a line ends the comment before it: a heading, a sub-criterion's title, a section, the next fact."""
    short = len(line.text) <= _LONGEST_TITLE and not line.text.endswith((".", ","))
    code = code_at(line.text)
    if code and not element_at(line.text, words):
        return short and words.element(code[0])[0] is None and code[1].strip(" :|–—-")[:1].isupper()
    return line.is_heading or is_fact(line) or (short and bool(_SECTION.match(line.text)))
