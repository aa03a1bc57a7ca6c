"""How often somebody may ask, and whose word counts for where they ask from (reliability.md W12)."""

from flask import Flask, g, request
from flask_limiter import Limiter
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.counting import Counted as Counted  # makes `counted://` known to the limiter
from dashboard.identity import origin
from dashboard.request_log import QUIET
from variables import declare, whole

OFTEN = declare(
    "ASSAY_REQUESTS_A_MINUTE",
    "how often one person or address may ask one worker; each worker counts for itself, so with four workers it may be "
    "four times as often",
    "1200",
    whole("ASSAY_REQUESTS_A_MINUTE", 1, 1_000_000_000),
    "1200",
)
PROXIES = declare(
    "ASSAY_PROXIES",
    "how many proxies stand before the program; their words for a client's address count, and no others. Set it, or "
    "all people share one address when tries are counted",
    "0",
    whole("ASSAY_PROXIES", 0, 10),
    "0",
)


def add_limits(server: Flask) -> None:
    """Let nobody ask this worker more often than the operator says; what passes it is told to wait."""
    limiter = Limiter(_whose, app=server, default_limits=[f"{OFTEN.read()} per minute"], storage_uri="counted://")
    limiter.request_filter(lambda: request.path.startswith(QUIET))


def add_proxies(server: Flask) -> None:
    """Believe as many proxies as the operator says; further words in their headers are a stranger's."""
    proxies = PROXIES.read()
    if proxies:
        server.wsgi_app = ProxyFix(server.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]  # as Flask asks


def _whose() -> str:
    person, scope = g.get("identity"), g.get("scope")
    if scope is not None and person is None:
        return f"{scope.actor} of {scope.tenant_id}"
    if person and person.guest:
        return f"{person.actor} of {person.scope().tenant_id}"
    return person.actor if person else f"address {origin()}"
