"""A presentation's frame: 16:9, titles and text in their placeholders, the snapshot at the foot of every slide, notes.

Positions and sizes are in points; 960 x 540 is the slide.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from itertools import count
from typing import Any

from dashboard import theme
from dashboard.exports import imprint
from dashboard.exports.document import Document
from dashboard.exports.fonts import ems
from dashboard.exports.imprint import plain

WIDTH, HEIGHT = 960.0, 540.0
SIDE = 36.0
TOP, BOTTOM = 84.0, 492.0  # of what a slide shows, below its title and above its foot
TEXT = 18.0
_TITLE, _FOOT = 26.0, 10.0
_PLACES = {
    "title": (SIDE, 20.0, WIDTH - 2 * SIDE, 58.0),
    "body": (SIDE, TOP, WIDTH - 2 * SIDE, BOTTOM - TOP),
    "ftr": (SIDE, 500.0, WIDTH - 2 * SIDE - 60, 30.0),
    "sldNum": (WIDTH - SIDE - 50, 500.0, 50.0, 30.0),
}


def points(number: float) -> int:
    """Points as PowerPoint counts: 12,700 to the point."""
    return round(number * 12_700)


def ink(name: str) -> str:
    """A colour of ours as PowerPoint writes it: 17212B."""
    return theme.colour(name).removeprefix("#").upper()


class Deck:
    """A presentation while it is made: `slide` adds one, `saved` gives the file."""

    def __init__(self, document: Document) -> None:
        """Begins an empty presentation with what stands on each of its slides."""
        import pptx

        module: Any = pptx  # of which only a part is typed
        about = document.about
        self.about = about
        self._titles: Counter[str] = Counter()  # a screen reader lists slides by their titles: each has its own
        self.presentation: Any = module.Presentation()
        self.presentation.slide_width, self.presentation.slide_height = points(WIDTH), points(HEIGHT)
        own = self.presentation.core_properties
        own.title, own.author, own.language = plain(document.title)[:255], plain(about.tenant_name)[:255], "en-GB"
        own.created = own.modified = about.made_at.replace(tzinfo=None)
        own.last_modified_by = plain(about.made_for)[:255]
        own.comments = plain(imprint.line(about))[:255]
        self._number()
        self._look()

    def _number(self) -> None:
        """Numbers parts by counting: python-pptx looks at all there are for each new one (stack.md: quadratic)."""
        from pptx.opc.packuri import PackURI

        package = self.presentation.part.package
        first, taken = package.next_partname, dict[str, Iterator[int]]()

        def numbered(template: str) -> Any:
            if template not in taken:
                found = first(template)
                taken[template] = count(int(found[template.index("%") :].split(".")[0]) + 1)
                return found
            return PackURI(template % next(taken[template]))

        package.next_partname = numbered

    def _look(self) -> None:
        """Our places, sizes and letters on the master; the layouts that are not used go."""
        layouts = self.presentation.slide_layouts
        self._text, self._plain = layouts[1], layouts[5]
        for layout in [one for one in layouts if one not in (self._text, self._plain)]:
            layouts.remove(layout)
        master = self.presentation.slide_master
        for shape in master.placeholders:
            place = _PLACES.get(_kind(shape))
            shape.element.find(".//{*}bodyPr").set("lIns", "0")
            if place:
                shape.left, shape.top, shape.width, shape.height = map(points, place)
        for level in master.element.iterfind(".//{*}titleStyle/{*}lvl1pPr"):
            level.set("algn", "l")
            letters = level.find("{*}defRPr")
            letters.set("sz", str(round(_TITLE * 100)))
            letters.set("b", "1")
        for letters in master.element.iterfind(".//{*}bodyStyle/*/{*}defRPr"):
            letters.set("sz", str(round(TEXT * 100)))
        for shape in master.placeholders:
            if _kind(shape) in ("ftr", "sldNum"):
                style = shape.element.find(".//{*}lstStyle/{*}lvl1pPr")
                style.set("algn", "l" if _kind(shape) == "ftr" else "r")
                letters = style.find("{*}defRPr")
                letters.set("sz", str(round(_FOOT * 100)))
                letters.remove(letters.find("{*}solidFill"))
        _arial(master)

    def room_of(self, lead: str) -> float:
        """How much of a slide the sentence above a table or chart takes, in points."""
        return (1 + int(ems(plain(lead), True) * TEXT / (WIDTH - 2 * SIDE))) * TEXT * 1.25 + 8 if lead else 0.0

    def lead(self, slide: Any, lead: str) -> float:
        """Puts the sentence that leads to a table or chart above it; gives where what follows begins."""
        if lead:
            _boxed(slide, lead, TOP, self.room_of(lead) - 8, TEXT, is_bold=True)
        return TOP + self.room_of(lead)

    def note(self, slide: Any, note: str, height: float, size: float) -> None:
        """Puts a note below a table or chart, where what a slide shows ends."""
        if note:
            _boxed(slide, note, BOTTOM - height + 4, height - 4, size)

    def slide(
        self, title: str, *, filters: imprint.Filters | None = None, notes: str = "", with_text: bool = False
    ) -> Any:
        """A new slide with its title, at its foot the snapshot and, where there are such, the filters, and notes."""
        slide = self.presentation.slides.add_slide(self._text if with_text else self._plain)
        name = plain(title) or "Untitled"
        self._titles[name] += 1
        slide.shapes.title.text = name if self._titles[name] == 1 else f"{name} ({self._titles[name]})"
        chosen = [] if filters is None else [imprint.chosen(filters)]
        told = " · ".join([*chosen, imprint.FICTIONAL] if self.about.is_fictional else chosen)
        foot = plain(f"{imprint.line(self.about)}\n{told}".strip())
        for shape in slide.slide_layout.placeholders:
            if _kind(shape) in ("ftr", "sldNum"):
                _taken_over(slide, shape, foot if _kind(shape) == "ftr" else None)
        if notes:
            slide.notes_slide.notes_text_frame.text = plain(notes)
        return slide

    def saved(self) -> bytes:
        """The presentation as a file."""
        out = io.BytesIO()
        self.presentation.save(out)
        return out.getvalue()


def _boxed(slide: Any, text: str, top: float, height: float, size: float, *, is_bold: bool = False) -> None:
    from pptx.util import Pt

    box = slide.shapes.add_textbox(*map(points, (SIDE, top, WIDTH - 2 * SIDE, height)))
    frame = box.text_frame
    frame.word_wrap, frame.margin_left, frame.margin_top = True, 0, 0
    frame.text = plain(text).replace("\n", " ")
    for run in frame.paragraphs[0].runs:
        run.font.size, run.font.bold = Pt(size), is_bold


def _kind(shape: Any) -> str:
    """A placeholder's kind as the file writes it: title, body, ftr, sldNum, dt."""
    return str(shape.element.find(".//{*}ph").get("type", "body"))


def _taken_over(slide: Any, shape: Any, text: str | None) -> None:
    """A footer of the layout on a slide, which python-pptx leaves out; the number of a slide counts by itself."""
    own = deepcopy(shape.element)
    own.find(".//{*}cNvPr").set("id", str(max(one.shape_id for one in slide.shapes) + 1))
    slide.shapes._spTree.append(own)
    if text is not None:
        slide.placeholders[shape.placeholder_format.idx].text = text


def _arial(master: Any) -> None:
    """Arial for all text, which every machine has or replaces by letters of the same width."""
    from pptx.opc.constants import RELATIONSHIP_TYPE

    part = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    part._blob = re.sub(rb'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rb"\1Arial", part.blob)
