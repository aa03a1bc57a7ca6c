"""What the operator lets a tenant's sources reach: folders, hosts inside the network, secrets (reliability.md F11).

Everything is said per tenant, because whoever keeps a tenant's sources must reach nothing of another's, nor the
program's own. A source names a secret and never holds it; a fault never repeats what a source wrote in such a place.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from scheme.errors import UsageError
from variables import FAMILY, declare, text

Kind = Literal["TOKEN", "STORE", "DATABASE"]
_NAME = re.compile(r"ASSAY_SECRET_OF_[A-Z0-9_]{1,200}")
_FURTHER = ("_FILE", "_HOST")  # what stands beside a secret is no secret


def _by_tenant(variable: str, between: str | None, how: str) -> Callable[[str], list[tuple[str, str]]]:
    def parse(said: str) -> list[tuple[str, str]]:
        found = []
        for entry in filter(None, said.split(between)):
            code, _, place = entry.strip().partition("=")
            if not code or not place:
                raise UsageError(f"{variable} makes no sense; the operator writes {how}")
            found.append((code.casefold(), place))
        return found

    return parse


FOLDERS = declare(
    "ASSAY_FOLDERS",
    "the folders below which a tenant's sources may read: `ASHCOMBE=/srv/in/ashcombe:BECKFORD=/srv/in/beckford`",
    "none",
    _by_tenant("ASSAY_FOLDERS", ":", "CODE=/folder with : between"),
)
HOSTS = declare(
    "ASSAY_ALLOWED_HOSTS",
    "hosts inside the network that a tenant's sources may ask: `ASHCOMBE=files.internal:8443 BECKFORD=10.1.2.3`",
    "none inside; any outside",
    _by_tenant("ASSAY_ALLOWED_HOSTS", None, "CODE=host or CODE=host:port, spaces between"),
)
SECRETS = declare(
    f"ASSAY_SECRET_OF_{FAMILY}", "what a tenant's sources show to others, below", "none", text, is_secret=True
)


def prefix(tenant: str) -> str:
    """How the names of a tenant's secrets begin: of ASHCOMBE, ASSAY_SECRET_OF_ASHCOMBE__.

    No tenant's prefix begins another's: letters and digits stand for themselves, any other sign is its number in
    hexadecimal between two underlines, and two underlines in a row end the code (A-1 gives A_2D_1).
    """
    signs = (sign.upper() if sign.isascii() and sign.isalnum() else f"_{ord(sign):X}_" for sign in tenant)
    return f"ASSAY_SECRET_OF_{''.join(signs)}__"


def is_a_name(text: object) -> bool:
    """Whether that could name a secret of some tenant."""
    return isinstance(text, str) and bool(_NAME.fullmatch(text)) and not text.endswith(_FURTHER)


def secret(tenant: str, name: str, kind: Kind) -> str:
    """A tenant's secret: the variable of that name, or the file that NAME_FILE names.

    UsageError where the name is not one of that tenant's for that kind of use, or where nothing stands under it.
    """
    own = prefix(tenant) + kind + "_"
    if not is_a_name(name) or not name.startswith(own):
        raise UsageError(f"a source of this tenant may name variables that begin with {own}, and no others")
    value, path = SECRETS.of_family(name), SECRETS.of_family(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the file that {name}_FILE names cannot be read; ask the operator") from error
    # A key may be a whole file of lines; a token goes into a header, which has one.
    if not value or not (value.replace("\n", "") if kind == "STORE" else value).isprintable():
        raise UsageError(f"{name} is not set, or is no plain text; the operator sets it, or {name}_FILE")
    return value


def token_for(tenant: str, name: str, host: str) -> str:
    """A token that is to be shown to a host; UsageError unless the operator said in NAME_HOST that it is for that host.

    Else whoever writes a source could have it sent to a host of their own.
    """
    value = secret(tenant, name, "TOKEN")
    if SECRETS.of_family(f"{name}_HOST").casefold() != host.casefold():
        raise UsageError(f"{name} is not for this host; the operator says in {name}_HOST for which it is")
    return value


def folders(tenant: str) -> list[Path]:
    """The folders below which a tenant's sources may read: ASSAY_FOLDERS, CODE=/folder with : between."""
    return [Path(place).resolve() for place in [place for code, place in FOLDERS.read() if code == tenant.casefold()]]


def may_be_inside(tenant: str, host: str, port: int) -> bool:
    """Whether a tenant's sources may ask this host though it lies inside the network: ASSAY_ALLOWED_HOSTS."""
    told = {place.casefold() for place in (place for code, place in HOSTS.read() if code == tenant.casefold())}
    return bool(told & {host.casefold(), f"{host}:{port}".casefold()})
