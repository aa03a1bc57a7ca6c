"""An organisation's logo: made anew from the picture that was sent, kept small, shown beside its name.

Nothing of the sent file is kept but what it looks like: it is read as PNG or JPEG alone, drawn anew and written as a
PNG without whatever else was in the file.
"""

from io import BytesIO

from flask import Flask, Response, abort

from dashboard.gate import SIGNED_IN, needs
from dashboard.identity import current_scope
from db import tenants
from db.session import open_session
from scheme.errors import UsageError

BROADEST, HIGHEST = 480, 160  # pixels kept: the bar shows 32 of them in height
LARGEST = 500_000  # bytes of a file that is sent
PIXELS = 16_000_000  # of a picture that is sent; more is not even drawn


def add_logos(server: Flask) -> None:
    """Add /logo to the server."""
    server.add_url_rule("/logo", "logo", logo, methods=["GET"])


@needs(SIGNED_IN)
def logo() -> Response:
    """The logo of the organisation that is shown; 404 where it has none."""
    with open_session(current_scope()) as session:
        picture = tenants.logo(session)
    if picture is None:
        abort(404)
    return Response(picture, mimetype="image/png", headers={"Content-Disposition": "inline; filename=logo.png"})


def redrawn(sent: bytes) -> bytes:
    """A picture as a PNG of at most 480 x 160 pixels; UsageError says what is wrong with it."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(sent) > LARGEST:
        raise UsageError(f"the picture is larger than {LARGEST // 1000} kB; send a smaller one")
    try:
        with Image.open(BytesIO(sent), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > PIXELS:
                raise UsageError("the picture has too many pixels; a logo of 480 by 160 is plenty")
            # The first picture of several, upright, its colours in the order that every browser reads.
            drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UsageError("this is no PNG or JPEG that could be read; save the picture as PNG and send that") from error
    drawn.thumbnail((BROADEST, HIGHEST))
    clean = Image.new("RGBA", drawn.size)
    clean.paste(drawn)
    written = BytesIO()
    clean.save(written, "PNG", optimize=True)
    return written.getvalue()
