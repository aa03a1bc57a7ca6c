"""The start page of administration: what there is, and what needs attention."""

from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.frame import shown
from dashboard.gate import needs
from db.roles import ADMINISTER


@needs(ADMINISTER)
def start() -> Response:
    """What there is, and what needs attention."""
    return shown("start", "Administration")


ROUTES = (Route("", start),)
