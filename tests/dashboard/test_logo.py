"""An organisation's logo: drawn anew, shown to its own people, seen by no others."""

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from dashboard import logos
from scheme.errors import UsageError
from tests.dashboard.conftest import at_the_door, signed_in
from tests.dashboard.test_administration import ADMIN, THEIRS, admin, administered, own_people, scope_of  # noqa: F401

HERE = "/administration/settings/logo"


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300), **more) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, (11, 90, 107)).save(written, kind, **more)
    return written.getvalue()


def sent(client, body: bytes, name: str = "logo.png"):
    return client.post(HERE, data={"logo": (BytesIO(body), name)}, content_type="multipart/form-data")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_made_small_and_a_png(kind):
    drawn = Image.open(BytesIO(logos.redrawn(picture(kind))))
    assert (drawn.format, drawn.size) == ("PNG", (320, 160))


def test_nothing_of_the_file_is_kept_but_the_picture():
    secret = PngImagePlugin.PngInfo()
    secret.add_text("Author", "Somebody Private")
    exif = Image.Exif()
    exif[0x010E] = "Somebody Private"
    for body in (
        picture(pnginfo=secret),
        picture("JPEG", exif=exif.tobytes()),
        picture() + b"<script>Somebody Private",
    ):
        assert b"Private" in body
        assert b"Private" not in logos.redrawn(body)


def test_what_is_no_picture_of_the_two_kinds_is_turned_away():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for body in (
        b"",
        b"not a picture",
        svg,
        picture("GIF"),
        picture("TIFF"),
        picture()[:200],
        picture("PNG", (5000, 4000)),
    ):
        with pytest.raises(UsageError):
            logos.redrawn(body)
    with pytest.raises(UsageError, match="larger than 500 kB"):
        logos.redrawn(bytes(500_001))


def test_a_logo_stands_in_the_bar_until_it_is_taken_away(admin):  # noqa: F811
    assert admin.get("/logo").status_code == 404
    assert '<img class="logo"' not in admin.get("/administration").text
    assert sent(admin, picture()).status_code == 303
    shown = admin.get("/logo")
    assert shown.mimetype == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "no-store, private"
    assert Image.open(BytesIO(shown.data)).size == (320, 160)
    assert '<img class="logo" src="/logo" alt="">' in admin.get("/administration").text
    assert admin.post(HERE, data={"away": "yes"}).status_code == 303
    assert admin.get("/logo").status_code == 404


def test_a_logo_is_seen_by_its_own_organisation_alone(app, admin):  # noqa: F811
    sent(admin, picture())
    assert signed_in(app, THEIRS).get("/logo").status_code == 404
    assert at_the_door(app).get("/logo").status_code == 401


def test_only_administrators_choose_a_logo(lead):
    assert sent(lead, picture()).status_code == 403


def test_what_is_wrong_with_a_picture_stands_beside_the_field(admin):  # noqa: F811
    answer = sent(admin, b"<svg/>")
    assert answer.status_code == 400
    assert "no PNG or JPEG that could be read" in answer.text
    assert admin.post(HERE, data={}).status_code == 400
    assert admin.get("/logo").status_code == 404


def test_the_audit_log_tells_of_a_logo_and_does_not_hold_it(admin):  # noqa: F811
    from db import audit

    sent(admin, picture())
    told = audit.entries(scope_of("demo")).filter(object="logo")
    assert told.height == 1
    assert "sha256" in str(told.row(0))
