"""The assessor's day pack: what an assessor needs on the day of a review, as one document.

The itinerary; what there is to see on site; the review form, filled in from what is known; every element *since last
time*; what nobody has looked at yet. All of it as one person may see it, from one snapshot; only what was planned (a
draft) is as it is kept now.
"""

from datetime import UTC, date, datetime

from dashboard.exports import shown
from dashboard.exports.day_pack_form import review_form
from dashboard.exports.day_pack_known import NEXT, Which, known
from dashboard.exports.day_pack_review import called, the_review
from dashboard.exports.day_pack_since import since_last_time
from dashboard.exports.day_pack_sites import not_looked_at, see_on_site
from dashboard.exports.document import Document
from db.session import Scope


def day_pack(
    scope: Scope,
    certificate: str,
    as_of: date,
    known_at: datetime | None,
    which: Which = NEXT,
) -> Document:
    """The day pack for a review of a certificate, by default the next one; UsageError where it may not be seen.

    `known_at` None is now.
    """
    now = datetime.now(UTC)
    found = known(scope, certificate, as_of, known_at, which)
    pages = (
        the_review(found),
        see_on_site(found),
        review_form(found),
        since_last_time(found),
        not_looked_at(found),
    )
    return Document(f"Day pack: {called(found)}", shown.about(scope, as_of, known_at or now, now), pages)
