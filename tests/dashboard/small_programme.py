"""A small programme sent as files, and tokens to read it with."""

import tempfile
from pathlib import Path

from db import tokens
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run

TREE = b"Department code,Department name,Parent code\nHOU,Housing,\nHOU-1,Repairs,HOU\nFIN,Finance,\n"
SITES = b"Site code,Site name,Department code\nS1,Hall,HOU\nS2,Depot,FIN\n"
CERTIFICATES = b"Certificate code,Department code,Awarded on,Expires on\nC1,HOU,2025-01-01,2028-01-01\n"
HEAD = b"Department code,Assessment type,Assessed on,Element,Band\n"
RESULTS = HEAD + b"HOU,annual_review,2025-03-07,1.1.1,Compliant\nFIN,annual_review,2025-03-07,1.1.1,Partial\n"
GOOD = HEAD + b"HOU,annual_review,2025-06-07,1.1.2,Compliant\nHOU-1,annual_review,2025-06-07,1.1.2,Partial\n"
MIXED = GOOD + b"HOU,annual_review,2025-06-07,9.9.9,Compliant\n"


def loaded(scope, **files: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / f"{name}.csv").write_bytes(data)
        run.load(scope, [folder], sent_by="tests")


def programme(code: str):
    """A tenant with a small programme: two departments and one below, a site each, a certificate, some results."""
    add_tenant(code, f"{code} Council")
    scope = scope_of(code)
    loaded(scope, departments=TREE, sites=SITES, certificates=CERTIFICATES, results=RESULTS)
    loaded(scope, more=MIXED.replace(b"1.1.2", b"1.1.3"))
    return scope


def made(scope, *scopes: str, departments=(), name="a program") -> str:
    with open_session(scope, write=True) as session:
        return tokens.make(session, name, scopes or ("read", "send"), departments)
