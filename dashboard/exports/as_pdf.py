"""A document as PDF: tagged for screen readers (PDF/UA-1, which typst itself checks), and alike on screen and paper."""

from collections.abc import Sequence
from typing import Any

from dashboard.exports import drawing, imprint, typeset
from dashboard.exports.document import (
    Block,
    Chart,
    Document,
    Facts,
    Grid,
    Heading,
    Page,
    Paragraph,
    Points,
)
from dashboard.exports.imprint import plain

_DEEPEST = 4  # of headings


def pdf(document: Document) -> bytes:
    """A document as PDF/UA-1; the same document gives the same bytes.

    A document of several pages begins with one that says what it is, with contents that lead to each. Grids too wide
    for A4 on its side come on A3, and what is too wide for that is cut with its first column repeated. What is folded
    away on a page stands at its end.
    """
    files: dict[str, bytes] = {}
    about = document.about
    told = {
        "title": plain(document.title) or "Untitled",
        "author": plain(about.tenant_name),
        "whose": plain(imprint.whose(about)),
        "line": plain(imprint.line(about)),
        "fictional": imprint.FICTIONAL if about.is_fictional else "",
        "facts": [(name, plain(words)) for name, words in imprint.facts(about)],
        "front": len(document.pages) != 1,
        "pages": [_page(page, files) for page in document.pages],
    }
    (made,) = typeset.run("document.typ", told, files, kind="pdf", made_at=about.made_at)
    return made


def _page(page: Page, files: dict[str, bytes]) -> dict[str, Any]:
    chosen = plain(imprint.chosen(page.filters))
    return {
        "title": plain(page.title) or "Untitled",
        "chosen": chosen,
        "under": chosen,
        "side": typeset.sheet(page.grids),
        "blocks": _blocks((*page.blocks, *page.folded), files),
    }


def _blocks(blocks: Sequence[Block], files: dict[str, bytes]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    before = 1
    for block in blocks:
        if isinstance(block, Heading):
            # PDF/UA-1: no level of headings may be skipped on the way down.
            before = max(2, min(block.level, before + 1, _DEEPEST))
            told.append({"kind": "heading", "level": before, "text": plain(block.text) or "–"})
        else:
            told.append(_block(block, files))
    return told


def _block(block: Block, files: dict[str, bytes]) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"kind": block.kind, "text": plain(block.text)}
    if isinstance(block, Points):
        return {"kind": "points", "ordered": block.is_ordered, "items": [plain(item) for item in block.items]}
    if isinstance(block, Facts):
        return {"kind": "facts", "pairs": [(plain(name), plain(words)) for name, words in block.pairs]}
    if isinstance(block, Grid):
        return typeset.grid_told(block)
    if isinstance(block, Chart):
        return _chart(block, files)
    raise TypeError(f"no block of a document: {type(block).__name__}")


def _chart(chart: Chart, files: dict[str, bytes]) -> dict[str, Any]:
    name = f"chart-{len(files)}.svg"
    files[name], width = drawing.drawn(chart.figure)
    told = {
        "kind": "chart",
        "title": plain(chart.title),
        "summary": plain(chart.summary),
        "alt": plain(f"{chart.title}. {chart.summary}"),
        "file": name,
        "width": width,
    }
    return told if chart.grid is None else {**told, "grid": typeset.grid_told(chart.grid)}
