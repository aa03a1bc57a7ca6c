"""What every answer carries: a strict content security policy and its company (reliability.md D8, D14, W13)."""

from dash import Dash
from flask import Response, request

from dashboard.identity import is_local

_OF_THE_PROGRAM = ("/assets/", "/_dash-component-suites/")  # the same for everybody: a browser may keep these
_PERMISSIONS = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"


def add_headers(app: Dash) -> None:
    """Let every answer of the app's server carry its security headers."""

    def carry(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(app)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer" if request.endpoint == "reset" else "same-origin"
        headers["Permissions-Policy"] = _PERMISSIONS
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if not is_local():
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if not request.path.startswith(_OF_THE_PROGRAM):
            headers["Cache-Control"] = "no-store, private"
        elif request.path.startswith("/assets/") and response.status_code == 200 and request.query_string:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    app.server.after_request(carry)


def content_security_policy(app: Dash) -> str:
    """The policy with the hashes of Dash's inline scripts as they are now; some are made at the first request."""
    hashes = " ".join(dict.fromkeys(app.csp_hashes()))
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; worker-src 'self' blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
