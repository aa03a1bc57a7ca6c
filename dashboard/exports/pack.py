"""The pack: what somebody takes away of the whole programme, or of one page, as a document and as files of it.

A pack is of a snapshot: every page is asked with the day and the moment written into its address, so that the same
pack can be made again from those two, whatever was loaded since.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module

from dashboard import shell
from dashboard.exports.document import Document, Page, Paragraph
from dashboard.exports.shown import about, frozen, page
from dashboard.filters import filters
from dashboard.handing_out import file_stem
from dashboard.words import organisation, sentence
from db.roles import EXPORT
from db.session import Scope
from scheme.errors import Forbidden, UsageError

Progress = Callable[[int, int, str], None]  # steps done, steps in all, what comes next
# The pages of the whole pack in its order; each is there where the role includes it (ours).
WHOLE = (
    *("overview", "heatmap", "headroom", "department", "trend", "coverage", "sites", "renewal", "journey", "scope"),
    *("safety", "actions", "evidence", "groups", "standards"),
)
KNOWN = "As known on"  # the label of the filter that a snapshot sets (dashboard.exports.shown)
OWN = 5  # departments of one's own, up to which each has its page in the pack unasked
MOST_DEPARTMENTS = 20
# Kind of file -> its words, and the function that writes it; none is imported before it is needed.
KINDS: Mapping[str, str] = {"pdf": "PDF", "pptx": "Slides (PowerPoint)", "xlsx": "Workbook (Excel)"}
_WRITERS = {"pdf": "as_pdf.pdf", "pptx": "as_slides.slides", "xlsx": "as_workbook.workbook"}


@dataclass(frozen=True)
class Snapshot:
    """The day that is asked about, and the moment (UTC) up to which is known what was loaded."""

    as_of: date
    known_at: datetime


def snapshot(as_of: date | None = None, known_at: datetime | None = None) -> Snapshot:
    """The snapshot of a day and a moment; of today and now where they are not given."""
    now = datetime.now(UTC)
    return Snapshot(as_of or now.date(), min(known_at, now) if known_at else now)


def addresses(scope: Scope, departments: Sequence[str] = ()) -> list[str]:
    """The addresses of the whole pack for this scope: its pages, and one for each department that is named.

    Where none is named, whoever sees only a few departments has the page of each. UsageError for too many.
    """
    if len(departments) > MOST_DEPARTMENTS:
        raise UsageError(f"a pack has the pages of {MOST_DEPARTMENTS} departments at most; name fewer")
    own = scope.departments if scope.departments and len(scope.departments) <= OWN else ()
    known = {one.name: one for one in shell.PAGES}
    there = []
    for name in WHOLE:
        if not scope.may(known[name].needs):
            continue
        chosen = departments or own if name == "department" else ("",)
        there += [filters(None, name).href(department=code) for code in dict.fromkeys(chosen)]
        there += [filters(None, name).href(criterion="all")] if name == "heatmap" else []
    return there


def titles(scope: Scope) -> list[str]:
    """The titles of the pages that the whole pack has for this scope, each once."""
    return list(dict.fromkeys(_page_at(address).title for address in addresses(scope)))


def called(scope: Scope, address: str = "") -> str:
    """What a pack is called: the page at an address, or the whole."""
    name = organisation(scope.tenant_name)
    return f"{_page_at(address).title}: {name}" if address else f"{name}: the pack"


def document(
    scope: Scope, addresses: Sequence[str], of: Snapshot, title: str, progress: Progress | None = None, more: int = 0
) -> Document:
    """The document of these pages as this scope sees them in a snapshot; `more`: steps that come after.

    Forbidden where the scope may not take anything away or see one of the pages. Where a page has nothing to say of
    what was asked, its sentence why stands in its place.
    """
    if not scope.may(EXPORT):
        raise Forbidden("your role does not let you take files away")
    pages = []
    for number, address in enumerate(addresses):
        if progress:
            progress(number, len(addresses) + more, _page_at(address).title)
        pages.append(_page(scope, frozen(address, of.as_of, of.known_at)))
    return Document(title, about(scope, of.as_of, of.known_at, datetime.now(UTC)), _told_apart(pages))


def _told_apart(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages with titles that tell them apart: of one that is there twice, also what was asked of it."""
    often = Counter(page.title for page in pages)
    asked = [", ".join(words for _, words in page.filters) if often[page.title] > 1 else "" for page in pages]
    return tuple(
        replace(page, title=f"{page.title}: {words}") if words else page
        for page, words in zip(pages, asked, strict=True)
    )


def file(document: Document, kind: str) -> bytes:
    """The document as a file of one kind; KeyError for a kind that is none of KINDS."""
    module, _, name = _WRITERS[kind].partition(".")
    written: bytes = getattr(import_module(f"dashboard.exports.{module}"), name)(document)
    return written


def files(
    scope: Scope,
    addresses: Sequence[str],
    of: Snapshot,
    title: str,
    kinds: Sequence[str],
    progress: Progress | None = None,
) -> dict[str, bytes]:
    """A pack as files, by kind; errors as `document` raises them."""
    made = document(scope, addresses, of, title, progress, len(kinds))
    told = {}
    for number, kind in enumerate(kinds, start=len(addresses)):
        if progress:
            progress(number, len(addresses) + len(kinds), KINDS[kind])
        told[kind] = file(made, kind)
    return told


def stem(tenant_code: str, about: str, as_of: date) -> str:
    """What the files of a pack are called, without their ending: assay-ASHCOMBE-pack-2026-03-01."""
    return file_stem("assay", tenant_code, about.lower(), as_of)


def _page_at(address: str) -> shell.Page:
    """The page of the menu at an address; UsageError where there is none."""
    path = address.partition("?")[0]
    found = next((one for one in shell.PAGES if one.path == path), None)
    if found is None:
        raise UsageError("there is no such page to take away; open one from the menu")
    return found


def _page(scope: Scope, address: str) -> Page:
    try:
        made = page(scope, address)
        # What was known stands on every page of a file already.
        return replace(made, filters=tuple(one for one in made.filters if one[0] != KNOWN))
    except Forbidden:
        raise
    except UsageError as error:
        known = _page_at(address)
        return Page(known.name, known.title, address, (Paragraph(sentence(error), "lead"),))


def as_person(scope: Scope, name: str) -> Scope:
    """The scope with a name for whoever has no e-mail address, as at the command line."""
    return scope if scope.email else replace(scope, email=name)
