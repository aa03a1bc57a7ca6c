"""What is found about an installation: its settings, libraries, warehouse, files and disks (reliability.md W9, W15).

Importing this module imports every declaration of a setting but those of the command line itself.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cryptography import x509

# Each declares the settings that it reads.
from dashboard import accessibility, identity, limits, request_log, serving, shares, uploads, view
from dashboard.providers import providers
from dashboard.reminding import post
from db import engine, rehearsed, secret, soundness, upgrade
from db.soundness import FINE, NOTE, WARNING, WRONG, Finding
from etl import allowed
from scheme.errors import UsageError
from variables import declare, declared, strangers, text

DECLARERS = (
    accessibility,
    identity,
    limits,
    request_log,
    serving,
    shares,
    uploads,
    view,
    engine,
    rehearsed,
    secret,
    upgrade,
    allowed,
    post,
)
# reliability.md W15: the oldest without known holes that concern us; `sqlite` is among the warehouse's findings (W1).
FLOORS = {"dash": "4.4.1", "authlib": "1.6.9", "werkzeug": "3.0.6"}
SOON = 30  # days before a TLS certificate ends

TLS = declare(
    "ASSAY_TLS_CERTIFICATE",
    "the certificates of the proxy with TLS, files in PEM with `:` between, of which `assay status` tells how long "
    "they last; Assay itself serves without TLS",
    "nobody is warned of their end",
    text,
)


def findings() -> list[Finding]:
    """Everything, in the order in which it is best mended; a secret is never in it."""
    return [
        *settings(),
        *_together(),
        *libraries(),
        *soundness.warehouse(),
        *soundness.kept_files(),
        *limits_near(datetime.now(UTC)),
    ]


def settings() -> list[Finding]:
    """A finding for each setting, and one for each variable that only looks like one."""
    found = []
    for name, variable in sorted(declared().items()):
        fault = variable.fault()
        if fault is not None:
            said = fault if fault.startswith(name) else f"{name}: {fault}"
            found.append(Finding(name, WRONG, said, f"it says {variable.says}"))
        else:
            what = "it is set" if variable.is_set() else f"not set; otherwise: {variable.otherwise}"
            found.append(Finding(name, FINE, what))
    mend = "mend its name, or take it away (docs/operating.md lists the settings)"
    return found + [Finding(name, WARNING, "there is no setting of this name", mend) for name in strangers()]


def libraries() -> list[Finding]:
    """A finding for each library of which old versions have known holes."""
    found = []
    for name, floor in FLOORS.items():
        here = version(name)
        if _numbers(here) >= _numbers(floor):
            found.append(Finding(name, FINE, here))
        else:
            mend = "install what requirements.lock names"
            found.append(Finding(name, WRONG, f"{here}, which has known holes; {floor} is the oldest without", mend))
    return found


def limits_near(now: datetime) -> list[Finding]:
    """What will run out: room on disks, days of TLS certificates, what backups are worth (connections: warehouse)."""
    return [*soundness.disk(), *certificates(), *rehearsed.findings(now)]


def certificates() -> list[Finding]:
    """A finding for each file that ASSAY_TLS_CERTIFICATE names: when the first certificate in it ends."""
    found = []
    for path in filter(None, TLS.said().split(":")):
        about = f"TLS certificate {path}"
        try:
            ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(Path(path).read_bytes()))
        except (OSError, ValueError) as error:
            what = f"it cannot be read ({type(error).__name__})"
            found.append(Finding(about, WRONG, what, "mend ASSAY_TLS_CERTIFICATE, or let the program read the file"))
            continue
        days = (ends - datetime.now(UTC)).days
        state = WRONG if days < 0 else WARNING if days < SOON else FINE
        what = f"it ended on {ends:%Y-%m-%d}" if days < 0 else f"{days} days left, until {ends:%Y-%m-%d}"
        found.append(Finding(about, state, what, "" if state == FINE else "have it renewed"))
    return found


def _together() -> Iterator[Finding]:
    """What several settings, or a setting and the file that it names, say together."""
    yield _made("secret", secret.box, "it is there", "set ASSAY_SECRET; serving needs it")
    yield _made("sign-on providers", providers, "", "mend the file that ASSAY_SIGN_ON names")
    yield _made("mail server", post.configured, "", "mend the settings of mail (docs/operating.md)")
    if identity.SECOND_FACTOR.said() == "off":
        yield Finding("second factor", NOTE, "nobody is asked for one on loopback", "unset ASSAY_SECOND_FACTOR")


def _made(about: str, make: Callable[[], object], fine: str, mend: str) -> Finding:
    try:
        made = make()
    except UsageError as error:
        return Finding(about, WRONG, str(error), mend)
    return Finding(about, FINE, fine or ("it makes sense" if made else "none"))


def _numbers(said: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", said.partition("+")[0])[:3])
