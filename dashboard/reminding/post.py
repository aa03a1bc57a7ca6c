"""The post: where letters are given up, by the operator's settings (docs/operating.md).

ASSAY_SMTP_URL is smtp://user@host:587 or smtps://user@host:465, ASSAY_SMTP_PASSWORD (or _FILE) the password of `user`,
ASSAY_SMTP_FROM the address that letters come from. Everywhere but on this machine itself the way is encrypted and the
server's certificate checked, or nothing is sent.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from dashboard.providers import configured_origin, is_loopback
from scheme.errors import AssayError, UsageError
from variables import declare, text

WAITS = 30  # seconds for an answer of the server
_PORTS = {"smtp": 587, "smtps": 465}


class Undelivered(AssayError):
    """A letter was not taken; `is_for_all` where the next one would not be either."""

    def __init__(self, why: str, is_for_all: bool = False) -> None:
        """Say why."""
        super().__init__(why)
        self.is_for_all = is_for_all


@dataclass(frozen=True)
class Post:
    """A server that takes letters, who we are to it, whom letters come from, and the origin that their links have."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else STARTTLS
    user: str
    password: str = field(repr=False)
    sender: str
    origin: str


def _address(url: str) -> SplitResult | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises where it is no number)
    except ValueError as error:
        raise UsageError("ASSAY_SMTP_URL is no address; write it as smtp://user@mail.example:587") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.password or parts.path.strip("/") or parts.query:
        raise UsageError(
            "ASSAY_SMTP_URL is written smtp://user@mail.example:587 (STARTTLS) or smtps://user@mail.example:465, "
            "without the password: that is ASSAY_SMTP_PASSWORD, or in the file ASSAY_SMTP_PASSWORD_FILE"
        )
    return parts


def _sender(said: str) -> str:
    if said and ("@" not in parseaddr(said)[1] or not said.isprintable()):
        raise UsageError("ASSAY_SMTP_FROM is whom letters come from, such as Assay <assay@example.org>")
    return said


SERVER = declare(
    "ASSAY_SMTP_URL",
    "the mail server of reminders: `smtp://user@mail.example:587` (STARTTLS) or `smtps://user@mail.example:465` "
    "(TLS from the first byte)",
    "nothing is sent, and the app alone tells",
    _address,
    is_secret=True,
)
PASSWORD = declare(
    "ASSAY_SMTP_PASSWORD", "the password of the mail server's `user`; never in the URL", "none", text, is_secret=True
)
PASSWORD_FILE = declare("ASSAY_SMTP_PASSWORD_FILE", "a file that holds that password instead", "none", text)
SENDER = declare(
    "ASSAY_SMTP_FROM",
    "whom letters come from: `Assay <assay@example.org>`",
    "none; a mail server needs it",
    _sender,
)


def configured() -> Post | None:
    """The post of the settings; None where there is none. UsageError says what is wrong with them."""
    parts = SERVER.read()
    if parts is None:
        return None
    sender = SENDER.said()
    if "@" not in parseaddr(sender)[1] or not sender.isprintable():
        raise UsageError("ASSAY_SMTP_FROM is not set: whom letters come from, such as Assay <assay@example.org>")
    origin = configured_origin()
    if origin is None:
        raise UsageError("ASSAY_ORIGIN is not set: letters need it for their links, such as https://assay.example.org")
    user = unquote(parts.username or "")
    port, is_tls = parts.port or _PORTS[parts.scheme], parts.scheme == "smtps"
    return Post(parts.hostname or "", port, is_tls, user, _password(user), sender, origin)


def _password(user: str) -> str:
    path = PASSWORD_FILE.said()
    try:
        password = Path(path).read_text("utf-8").strip() if path else PASSWORD.said()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"ASSAY_SMTP_PASSWORD_FILE: {path} cannot be read ({error})") from error
    if user and not password:
        raise UsageError("ASSAY_SMTP_URL names a user; set ASSAY_SMTP_PASSWORD or ASSAY_SMTP_PASSWORD_FILE too")
    return password


def send(post: Post, letter: EmailMessage) -> None:
    """Give a letter to the server; Undelivered where it does not take it."""
    try:
        server = _server(post)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server {post.host} cannot be used ({error})", is_for_all=True) from error
    try:
        with server:
            server.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server did not take the letter ({error})") from error


def _server(post: Post) -> smtplib.SMTP:
    checked = ssl.create_default_context()
    if post.is_tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(post.host, post.port, timeout=WAITS, context=checked)
    else:
        server = smtplib.SMTP(post.host, post.port, timeout=WAITS)
    try:
        if not post.is_tls:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=checked)
            elif not is_loopback(post.host):
                raise smtplib.SMTPException("it offers no encryption (STARTTLS)")
        if post.user:
            server.login(post.user, post.password)
    except BaseException:
        server.close()
        raise
    return server
