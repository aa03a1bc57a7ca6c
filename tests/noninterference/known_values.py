"""A value of ours, of theirs and of nobody for every argument by name: what a new surface owes to the proof.

`ours` are values that answer something in A; `theirs` name what only B has (codes that are in no text of A, so that an
echo of them is told from a leak); `nobodys` look the same and name nothing. An argument that names nothing of a tenant
(a day, a format) has `ours` alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TODAY = datetime.now(UTC).date()
LAST_YEAR = (TODAY - timedelta(days=430)).isoformat()


@dataclass(frozen=True)
class Known:
    """Values for an argument; where `theirs` is None it names nothing that a tenant owns."""

    ours: tuple[object, ...]
    theirs: object = None
    nobodys: object = None

    @property
    def all(self) -> tuple[object, ...]:
        """All of them in order, without what is not there."""
        return (*self.ours, *(value for value in (self.theirs, self.nobodys) if value is not None))


DEPARTMENT = Known(("HOU", "FIN", "HOU-1"), "BEE-17", "ZZZ-99")
CERTIFICATE = Known(("C-HOU", "C-ALL"), "C-BEE-17", "C-ZZZ-99")
SITE = Known(("S-HOU",), "S-BEE-17", "S-ZZZ-99")
LOAD = Known(("2", "1"), "77", "9999")
FILE = Known(("results.csv",), "their-17-results.csv", "nobodys-99.csv")
CELL = Known(("", "HOU~1.1.1", "HOU~1", "~1.1.2", "FIN~2"), "BEE-17~1.1.1", "ZZZ-99~1.1.1")
KIND = Known(("csv", "xlsx", "ics", "svg", "pdf", "docx"))
TENANT = Known(("ASH",), "BEE", "ZZZ")
PERSON = Known(("champion@ash.example",), "lead@bee.example", "nobody@zzz.example")
TEXT = Known(("some words",))

# The keys that an address may have (dashboard.filters).
ADDRESS: dict[str, Known] = {
    "as_of": Known((TODAY.isoformat(), LAST_YEAR)),
    "known_at": Known((f"{TODAY.isoformat()}T00:00:00Z", "2199-01-01T00:00:00Z")),
    "basis": Known(("self", "difference", "desk")),
    "compare": Known((LAST_YEAR,)),
    "mode": Known(("elements", "criteria", "all")),
    "criterion": Known(("1",)),
    "department": DEPARTMENT,
    "status": Known(("owed", "fails")),
    "certificate": CERTIFICATE,
    "file": FILE,
    "load": LOAD,
    "element": Known(("1.1.1",)),
    "site": SITE,
    "draft": Known(("1",), "107", "99999"),
    "try": Known(("HOU~1.1.1~p", "~1.1.2~n"), "BEE-17~1.1.1~p", "ZZZ-99~1.1.1~p"),
    "pace": Known(("3",)),
    "days": Known(("3",)),
    "share": Known(("25",)),
    "seed": Known(("2",)),
    "review": Known(("A-HOU-no",), "A-BEE-17-no", "A-ZZZ-99-no"),
    "on": Known(((TODAY + timedelta(days=30)).isoformat(),)),
    "capacity": Known(("5",)),
    "cell": CELL,
    "open": Known(("HOU",), "BEE-17", "ZZZ-99"),
    "find": Known(("OURS",)),
}

# What callbacks declare: `id.property`. PAGES and ADDRESSES stand for what `callbacks` makes of the pages there are.
PAGES, ADDRESSES = Known(("PAGES",)), Known(("ADDRESSES",))
CALLBACK: dict[str, Known] = {
    "_pages_location.pathname": PAGES,
    "_pages_location.search": Known(("", "?department=HOU")),
    "shell-view.data": ADDRESSES,
    "shell-cell.data": CELL,
}

# Arguments in the rules of routes.
ROUTE: dict[str, Known] = {
    "kind": KIND,
    "load": LOAD,
    "file_number": Known(("1", "2")),  # a file's place in its load
    "name": Known(("nowhere",)),  # a provider of sign-on
    "user_id": Known(("6",), "7007", "99999"),
    "number": Known(("1",), "107", "99999"),  # of a token
    "act": Known(("disable", "enable", "reset-password", "reset-second-factor", "end-sessions", "end-access", "x")),
    "token": Known(("x" * 43,)),  # of a link that sets a password
    "path": Known(("heatmap", "heatmap/x.css", "console")),
    "department": DEPARTMENT,
    "language": Known(("en", "xx")),  # English, for the walk goes on with what it sets
    "template_kind": Known(("workbook", "evidence", "x")),
    "page_name": Known(("heatmap", "overview", "nowhere")),
    "place": Known(("heatmap-table", "overview-table", "x")),
    "pack_kind": Known(("xlsx", "x")),  # the other kinds are written from the same document, and tell when they were
}

# What the code reads from a request by name: `name`, or `module name` where a module means something of its own by it.
READ: dict[str, Known] = {
    **ADDRESS,
    "next": Known(("/heatmap",)),
    "email": PERSON,
    "password": Known(("not the password",)),
    "old": Known(("not the password",)),
    "new": Known(("another four plain words",)),
    "again": Known(("another four plain words",)),
    "tenant": TENANT,
    "username": PERSON,
    "check": Known(("yes",)),
    "number": Known(("1", "2")),
    "action": Known(("refused",)),
    "actor": Known(("person 3",), "person 8", "person 99999"),
    "day": Known((TODAY.isoformat(),)),
    "role": Known(("champion", "administrator")),
    "until": Known((TODAY.isoformat(),)),
    "export": Known(("yes",)),
    "departments": DEPARTMENT,
    "certificates": CERTIFICATE,
    "provider": Known(("keycloak",)),
    "group": Known(("people of ours",), "their group 17", "no such group"),
    "name": Known(("a name of ours",)),
    "days": Known(("30",)),
    "scopes": Known(("read",)),
    "code": Known(("HOU",), "BEE-17", "ZZZ-99"),
    "sites code": SITE,
    "certificates code": CERTIFICATE,
    "sources code": Known(("ours",), "their-17-source", "nobodys-99"),
    "profiles code": Known(("ours",), "their-17-own", "nobodys-99"),
    "own_account code": Known(("123456",)),
    "second_factor code": Known(("123456",)),
    "lasts": Known(("60",)),  # minutes of an operator's visit
    "reason": Known(("a question about a load",)),
    "offer": Known(("an offer",)),
    "why": Known(("some words",)),
    "seen": Known(("1",)),  # the version of the data that a withdrawal was shown for
    "active_from": Known((TODAY.isoformat(),)),
    "contact": Known(("some words",)),
    "department_code": DEPARTMENT,
    "department_name": Known(("some words",)),
    "parent_code": DEPARTMENT,
    "base": Known(("cse",)),
    "since": Known((TODAY.isoformat(),)),
    "edition": Known(("1",)),
    "body": Known(("[columns]\n",)),
    "address": Known(("some words",)),
    "allowance_1": Known(("2",)),
    "allowance_2": Known(("2",)),
    "allowance_3": Known(("2",)),
    "allowance_4": Known(("2",)),
    "allowance_5": Known(("2",)),
    "annual": Known(("yes",)),
    "annual_elements": Known(("1.1.1",)),
    "awarded_on": Known((TODAY.isoformat(),)),
    "central_function": Known(("yes",)),
    "certificate_code": CERTIFICATE,
    "certification_body": Known(("some words",)),
    "cycle_years": Known(("2",)),
    "ended_on": Known((TODAY.isoformat(),)),
    "expires_on": Known((TODAY.isoformat(),)),
    "in_force_from": Known((TODAY.isoformat(),)),
    "in_scope_from": Known((TODAY.isoformat(),)),
    "in_scope_to": Known((TODAY.isoformat(),)),
    "latitude": Known(("2",)),
    "longitude": Known(("2",)),
    "minor_share": Known(("0.25",)),
    "must_visit": Known(("yes",)),
    "opening_assessment_counts": Known(("yes",)),
    "opening_days": Known(("2",)),
    "profile": Known(("cse",), "their-17-own", "nobodys-99"),
    "remote_visits_count": Known(("yes",)),
    "review_grace_days": Known(("2",)),
    "site_code": SITE,
    "site_name": Known(("some words",)),
    "sites_required": Known(("2",)),
    "unknown_departments": Known(("set_aside",)),
    "element": Known(("1.1.1",)),
    "band": Known(("partial",)),
    "restated": Known(("no",)),
    "comment": Known(("some words",)),
    "assessor": Known(("some words",)),
    "assessment_code": Known(("A-HOU-no",), "A-BEE-17-no", "A-ZZZ-99-no"),
    "assessment_type": Known(("annual_review",)),
    "assessed_on": Known((LAST_YEAR,)),
    "visited_on": Known((LAST_YEAR,)),
    "mode": Known(("on_site",)),
    "planned": Known(("no",)),
    "started_on": Known((TODAY.isoformat(),)),
    "submitted_on": Known((LAST_YEAR,)),
    "scope": Known(("1.1.1",)),
    "source": Known(("",), "their-17-source", "nobodys-99"),  # by which files that are sent are read
    "preview": Known(("0" * 64,)),  # what stands for a preview of files that wait to be taken
    "row": Known(("0",)),  # of a preview's rows that can be mended
    "champions_see_others": Known(("distribution", "nothing")),
    "champions_see_exemplars": Known(("no",)),
    "risk_estimates": Known(("on", "off")),
    "away": Known(("yes",)),  # the logo is taken away
    "logo": Known(("no picture",)),
    "how": Known(("another",)),  # a scenario is kept: in place of the one before, or as another
    "shared": Known(("yes", "no")),
    # A sender's file being mapped: its steps open nothing but what they closed for the same session.
    "sample": Known(("no file of ours",)),
    "sheet": Known(("0",)),
    "table": Known(("results",)),
    "looked": Known(("0/1/results",)),
    "column": Known(("0:element",)),
    "word": Known(("0:compliant",)),
    "day_first": Known(("yes", "no")),
    "sources_map code": Known(("ours",), "their-17-source", "nobodys-99"),
    "action_code": Known(("ACT-HOU",), "ACT-BEE-17", "ACT-ZZZ-99"),
    "action_key": Known(("ACT-HOU",), "ACT-BEE-17", "ACT-ZZZ-99"),
    "actions action": Known(("some words",)),
    "origin": Known(("partial",)),
    "recheck_on": Known((TODAY.isoformat(),)),
    "closed_on": Known((TODAY.isoformat(),)),
    "evidence_code": Known(("ES 0",)),
    "evidence": Known(("some words",)),
    "evidence kind": Known(("observed",)),
    "serves": Known(("1.1.2",)),
    "shown_by": Known(("some words",)),
    "link": Known(("https://evidence.example/1",)),
    "note": Known(("some words",)),
    "due_on": Known((TODAY.isoformat(),)),
    "owner": Known(("some words",)),
    "period": Known(("some words",)),
    "kind": Known(("folder", "url", "")),
    "place": Known(("/srv/in", "https://files.example/a.csv")),
    "token_env": Known(("ASSAY_SECRET_OF_ASH__TOKEN_X",)),
    "endpoint_env": Known(("ASSAY_SECRET_OF_ASH__STORE_X",)),
    "account_env": Known(("ASSAY_SECRET_OF_ASH__STORE_Y",)),
    "key_env": Known(("ASSAY_SECRET_OF_ASH__STORE_Z",)),
    "region": Known(("eu-west-2",)),
    "query": Known(("SELECT 1",)),
    # Planning a review.
    "notes": Known(("some words",)),
    "elements": Known(("1.1.1",)),
    "begins": Known(("09:00",)),
    "ends": Known(("10:00",)),
    "who": Known(("some words",)),
    "met": Known(("customers",)),
    "every": Known(("1 day",)),
    "at": Known(("06:00",)),
    "time_zone": Known(("UTC",)),
    "strict": Known(("yes",)),
    "withdraw_missing": Known(("yes",)),
    "whom": TEXT,
    # Packs to take away.
    "of": Known(
        ("/heatmap", "/department?department=HOU"), "/department?department=BEE-17", "/department?department=ZZZ-99"
    ),
    "formats": Known(("xlsx",)),
    # A meeting.
    "attendees": TEXT,
    "step": Known(("decide", "hottest")),
    "written": Known(("note", "decision", "action")),
    "words": TEXT,
    "entry": Known(("1",)),
    # What somebody wants to be reminded of.
    "alerts": Known(("failing", "form")),
    "by_mail": Known(("yes", "no")),
    "weekly": Known(("yes", "no")),
}
# Read by name as well, and no id of anything: sent as it stands, never varied.
UNVARIED: dict[str, str] = {
    "page": "the page's own token, which the harness sends as a browser would",
    "next": "an address inside Assay to go on to (test_gate)",
    "seen": "which saying of a row a form was opened on: compared with the one that holds, never looked up",
}
# Arguments of the API, by the names of its description.
API: dict[str, Known] = {
    "name": Known(("standing", "headroom", "coverage", "visits", "sites", "renewal", "history")),
    "as_of": ADDRESS["as_of"],
    "known_at": ADDRESS["known_at"],
    "basis": Known(("formal", "self")),
    "department": DEPARTMENT,
    "load": LOAD,
    "file": Known(("FILES",)),
    "strict": Known(("true",)),
    "withdraw_missing": Known(("true",)),
    "source": Known(("nowhere",), "their-17-source", "nobodys-99"),
}
# Headers and cookies that the code reads by name, and what stands in them.
HEADERS: dict[str, str] = {
    "Origin": "a browser's own; another's is refused (test_gate)",
    "X-Assay-Page": "the page's own token",
    "Content-Type": "what kind of body it is",
    "Accept-Encoding": "how an answer is packed, not what it says",
    "Sec-Fetch-Site": "a browser's own; another's is refused (test_gate)",
}

# Options and arguments of commands: `command name`, `group name` or `name`; FILES stands for files that we write.
FILES = Known(("FILES",))
DAY, WORDS = Known((TODAY.isoformat(),)), Known(("some words",))
COMMAND: dict[str, Known] = {
    "tenant": TENANT,
    "printed": Known(("json", "csv")),
    "paths": FILES,
    "source": Known(()),
    "strict": Known((True,)),
    "executor": Known(("processes",)),
    "withdraw_missing": Known((True,)),
    "load": LOAD,
    "original file": FILE,
    "ask": Known((True,)),
    "out": FILES,  # one that is there already, and stays as it is
    "export out": FILES,
    "measure": Known(("standing", "headroom", "coverage", "visits", "sites", "history")),
    "as_of": ADDRESS["as_of"],
    "known_at": ADDRESS["known_at"],
    "department": DEPARTMENT,
    "basis": Known(("formal", "self")),
    "email": PERSON,
    "role": Known(("champion",)),
    "file": FILES,
    "name": WORDS,
    "profile": Known(()),
    "standard": Known(("cse",)),
    "standard code": Known(("cse",)),
    "standard file": Known(("no-such-file.toml",)),
    "tenant code": Known(("ASH",)),
    "tenant chosen": Known(("champions_see_others=nothing",)),
    "quotas": Known(("results=1000000",)),
    "department code": DEPARTMENT,
    "department open code": Known(("NEW-1",), "BEE-17", "ZZZ-99"),
    "department list code": DEPARTMENT,
    "site code": SITE,
    "site add code": Known(("S-NEW",), "S-BEE-17", "S-ZZZ-99"),
    "certificate code": CERTIFICATE,
    "certificate add code": Known(("C-NEW",), "C-BEE-17", "C-ZZZ-99"),
    "below": DEPARTMENT,
    "into": DEPARTMENT,
    "to": Known(("NEW-2",), "BEE-17", "ZZZ-99"),
    "since": DAY,
    "on": DAY,
    "awarded_on": DAY,
    "expires_on": Known(("2031-01-07",)),
    "contact": WORDS,
    "why": WORDS,
    "address": WORDS,
    "certification_body": WORDS,
    "top": Known((True,)),
    "back": Known((True,)),
    "export": Known((True,)),
    "must_visit": Known((True,)),
    "central_function": Known((True,)),
    "latitude": Known(("51.5",)),
    "longitude": Known(("-1.5",)),
    "sites_required": Known(("2",)),
    "group": Known(("people of ours",), "their group", "no such group"),
    "provider": Known(("keycloak",)),
    "who": PERSON,
    "certificate": CERTIFICATE,
    "until": Known(("2031-01-07",)),
    "link": Known((True,)),
    "whom": WORDS,
    "link add until": DAY,
    "link add export": Known((True,)),
    "password": Known((True,)),
    "source code": Known(("ours",), "their-17-source", "nobodys-99"),
    "sync source": Known(("ours",), "their-17-source", "nobodys-99"),
    "at_once": Known((True,)),
    "keep_on": Known((True,)),  # an option that is never given there: it would not end
    "edition": Known(("1",)),
    "scope": Known(("read",)),
    "days": Known(("30",)),
    "number": Known(("1",), "107", "99999"),
    "newest": Known(("50",)),
    "platform": Known((True,)),
    "anchor": Known(()),
    "kind": Known(("workbook", "evidence")),
    "departments": DEPARTMENT,
    "formats": Known(("xlsx",)),
    "is_dry": Known((True,)),
    "about": Known(("sources", "tenants")),
    "person name": WORDS,
    "plain": Known(("csv",)),
    "reader end role": Known(("assay_reader_0",), "CANARY-B-readers-role_name-0", "nobodys-99"),
    "sql": Known((True,)),
    "yes": Known((True,)),
}
# Commands of whoever runs the installation: they speak of all organisations, of which they may name code and name.
OF_THE_PLATFORM: dict[str, str] = {
    "tenant list": "names the organisations there are",
    "tenant add": "makes one",
    "standard list": "everybody's",
    "standard show": "everybody's",
    "standard check": "reads a file, no warehouse",
    "standard add": "everybody's",
    "user add": "makes an account of the platform",
}
# Commands that are not run here, and why.
NOT_RUN: dict[str, str] = {
    "config check": "speaks of the installation and of no organisation; tests/test_variables.py",
    "work": "makes packs until it is stopped, each as its asker; tests/dashboard/test_packs.py",
    "serve": "starts the server, whose surface is asked here in the process",
    "demo": "builds organisations of its own",
    "tenant remove": "leaves nothing to be asked; tests/db/test_removal.py looks at every row of others",
    "reader add": "names a role and a password by chance; what such a role sees: tests/db/test_readers.py",
    "upgrade": "brings the tables to this version; tests/db/test_upgrading.py",
    "backup": "writes all there is; of one organisation alone, byte by byte: tests/db/test_backup_of_one_tenant.py",
    "restore": "puts a backup into an empty warehouse; tests/db/test_backup.py",
}
