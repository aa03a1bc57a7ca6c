"""Every table and chart of every page as a file: CSV, a workbook, a picture."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Flask, abort, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard import shell
from dashboard.exports import as_data, shown
from dashboard.exports.document import About, Chart, Grid, Page
from dashboard.filters import filters
from dashboard.gate import needs, refused
from dashboard.handing_out import file_stem, handed_out
from dashboard.identity import current_scope
from db.roles import EXPORT

_KINDS = ("csv", "xlsx", "png", "svg")


def add_taking(server: Flask) -> None:
    """The one address of these files: page, the place of the table or chart on it, and the page's own query."""
    server.get("/download/page/<page_name>/<place>.<kind>")(shown_file)


@needs(EXPORT)
def shown_file(page_name: str, place: str, kind: str) -> BaseResponse:
    """A table or a chart of a page as this person sees it now; 404 where the page has none of that place or kind."""
    scope = current_scope()
    known = next((page for page in shell.PAGES if page.name == page_name), None)
    if known is None or kind not in _KINDS:
        abort(404)
    if not scope.may(known.needs):
        return refused(known.needs)
    address = f"{known.path}?{urlencode({key: told for key, told in request.args.items() if key != 'page'})}"
    page, asked, now = shown.page(scope, address), filters(address, page_name), datetime.now(UTC)
    about = shown.about(scope, asked.as_of, asked.known_at or now, now)
    found = _found(page, place)
    if found is None:
        abort(404)
    body = _body(found, kind, page, about)
    title = found.title if isinstance(found, Chart) else found.caption
    told = (scope.tenant_code, known.title, title, *(words for _, words in page.filters), about.as_of)
    return handed_out(body, file_stem(*told).lower(), kind)


def _found(page: Page, place: str) -> Grid | Chart | None:
    for block in (*page.blocks, *page.folded):
        if isinstance(block, Chart) and block.id == place:
            return block
    return next((grid for grid in page.grids if grid.id == place), None)


def _body(found: Grid | Chart, kind: str, page: Page, about: About) -> bytes:
    if kind in ("csv", "xlsx"):
        grid = found.grid if isinstance(found, Chart) else found
        if grid is None:
            abort(404)
        return as_data.csv(grid) if kind == "csv" else as_data.xlsx(grid, page, about)
    from dashboard.exports import as_picture

    if isinstance(found, Chart):
        draw = as_picture.chart_png if kind == "png" else as_picture.chart_svg
        return draw(found, about, page.filters)
    paint = as_picture.grid_png if kind == "png" else as_picture.grid_svg
    return paint(found, about, page.filters)
