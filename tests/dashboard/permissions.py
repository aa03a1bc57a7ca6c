"""Who may open what: each surface of the dashboard by role, as committed in permissions.txt beside this (D1).

`python -m tests.dashboard.permissions` writes the file anew; test_permissions.py compares, so that whatever opens to
somebody shows in review.
"""

from pathlib import Path

from dash import Dash

from dashboard import app as dashboard
from dashboard import gate, identity
from db.roles import EXPORT, EXPORTS, ROLES

COMMITTED = Path(__file__).with_suffix(".txt")
ABOUT = """\
# Who may open what. Written by `python -m tests.dashboard.permissions`; tests/dashboard/test_permissions.py compares.
# yes: by role. grant: where the person's grant says so, of whoever may see the same. -: refused, and recorded.
# An operator only while visiting. No session opens the API: a token with that permission does (db/tokens.py).
"""
SHUT = "nothing declared"


def surfaces(app: Dash) -> dict[str, str]:
    """What each surface needs: permissions, "signed_in", "a session" (before all doors are passed), "nothing"."""
    found = {}
    for output, known in app.callback_map.items():
        if "callback" in known and not output.startswith((".." + "gallery", "gallery")):
            found[f"callback {_short(output)}"] = dashboard._need_of_callback(app, output) or SHUT
    for path, need in dashboard._pages().items():
        if path != "/gallery":
            found[f"page {path}"] = need or SHUT
    for rule in app.server.url_map.iter_rules():
        if rule.endpoint in ("/", "/<path:path>", "/_dash-update-component"):
            continue  # pages and callbacks, each by itself above
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found[f"{method} {rule}"] = _of_route(app, str(rule), rule.endpoint)
    return found


def _of_route(app: Dash, path: str, endpoint: str) -> str:
    if path in identity.PUBLIC or path.startswith(identity.PUBLIC_FOLDERS):
        return "nothing"
    if path.startswith(identity.API):
        return f"token: {gate.needed(app.server.view_functions[endpoint]) or SHUT}"
    if path in identity.BEFORE_TENANT:
        return "a session"
    if endpoint in dashboard._OF_DASH:
        return gate.SIGNED_IN
    return gate.needed(app.server.view_functions[endpoint]) or SHUT


def _short(output: str) -> str:
    """The first output and how many more: the whole is longer than a line."""
    first, *more = output.strip(".").split("...")
    return f"{first} +{len(more)}" if more else first


def allowed(role: str, need: str) -> str:
    """Whether a role may: "yes", "grant" or "-"; the role "" is a stranger."""
    if need == "nothing":
        return "yes"
    if need.endswith(SHUT) or need.startswith("token") or not role:
        return "-"
    asked = set(need.split()) - {EXPORT} if need not in ("a session", gate.SIGNED_IN) else set()
    if not asked <= ROLES[role]:
        return "-"
    if EXPORT in need.split():
        return "-" if role == "operator" else "grant"
    return "yes"


def table(app: Dash) -> str:
    """The whole table as it is committed."""
    names = [*ROLES, "nobody"]
    rows = [("surface", "needs", *names)]
    for surface, need in sorted(surfaces(app).items()):
        rows.append((surface, need, *(allowed("" if name == "nobody" else name, need) for name in names)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    unless = ", ".join(role.replace("_", " ") for role in EXPORTS)
    return f"{ABOUT}# A grant allows files unless it says otherwise to: {unless}.\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    import os

    os.environ.setdefault("ASSAY_SECRET", "a-secret-of-the-tests-and-of-nobody-else-0123456789")
    os.environ["ASSAY_DATABASE_URL"] = "sqlite:////nonexistent/assay.db"
    COMMITTED.write_text(table(dashboard.create_app()), "utf-8")
