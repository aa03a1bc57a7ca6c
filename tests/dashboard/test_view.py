"""What is kept from request to request is each person's own (reliability.md T4)."""

import ast
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard import view as views
from dashboard.budget import Budget
from dashboard.view import View
from db.session import Scope

ROOT = Path(__file__).parents[2]
LEAD = Scope(1, "ASH", None, "corporate_lead", "lead@example.org")
CHAMPION = replace(LEAD, departments=("HWY",), role="champion")
# Who may see something else: of another tenant, of other departments, of a certificate.
OTHERS = [
    replace(LEAD, tenant_id=2, tenant_code="BEE"),
    replace(CHAMPION, tenant_id=2, tenant_code="BEE"),
    CHAMPION,
    replace(CHAMPION, departments=("HWY", "WST")),
    replace(LEAD, certificates=("C1",)),
    replace(CHAMPION, certificates=("C1",)),
]


@pytest.fixture(autouse=True)
def cache(monkeypatch) -> Budget:
    """An empty cache."""
    made = Budget(1e6)
    monkeypatch.setattr(views, "kept_bytes", made)
    return made


def answer(scope: Scope, version: int = 1, question: str = "which") -> str:
    return View(scope, version).kept(question, lambda: f"{scope.tenant_id} {scope.departments} {scope.certificates}")


@pytest.mark.parametrize("first", [LEAD, *OTHERS])
@pytest.mark.parametrize("second", [LEAD, *OTHERS])
def test_two_people_who_may_see_different_things_never_get_each_other_s_answers(first, second):
    """In both orders, at the same version, for the same question."""
    for scope in (first, second, first):
        assert answer(scope) == f"{scope.tenant_id} {scope.departments} {scope.certificates}"


def test_what_was_kept_is_not_made_again_for_the_same_sight_and_question(cache):
    assert answer(LEAD) == answer(replace(LEAD, email="another@example.org"))
    assert len(cache.things()) == 1


def test_a_new_version_another_question_or_another_moment_is_another_answer(cache):
    answer(LEAD)
    answer(LEAD, version=2)
    answer(LEAD, question="another")
    assert len(cache.things()) == 3


@pytest.mark.parametrize("other", OTHERS)
def test_an_answer_that_lies_under_the_wrong_key_is_not_handed_out(monkeypatch, cache, other):
    """As if a part of the key were forgotten: what was kept says whose it is."""
    answer(other)
    (kept,) = cache.things()
    monkeypatch.setattr(cache, "found", lambda whose, key: kept)
    with pytest.raises(AssertionError, match="another's"):
        answer(LEAD)


def test_nothing_kept_is_ever_none_to_the_cache():
    made = []
    for _ in range(2):
        View(LEAD, 1).kept("nothing", lambda: made.append(1))
    assert len(made) == 1


# Where something may be kept by a library's cache, and why nothing of a tenant is in it.
ALLOWED = {
    "dashboard/theme.py": "the program's own colours",
    "dashboard/exports/fonts.py": "fonts, and how wide each letter is",
    "dashboard/exports/shown.py": "which callbacks fill which places of a page, and nothing that they gave",
    "dashboard/reminding/letters.py": "the template of a letter",
    "dashboard/language.py": "the catalogues of the program's own texts",
    "dashboard/providers.py": "the configuration of sign-on providers",
    "dashboard/discovery.py": "what a provider publishes of itself, by issuer",
    "db/archive.py": "the kinds of columns of our tables",
    "db/engine.py": "the engine of an address",
    "dashboard/metrics.py": "the counters of this process, whose labels are words of ours",
    "db/report_views.py": "the program's own statements that make views",
    "db/reports.py": "the questions of the reports, without an answer",
    "db/version.py": "the names of migrations; that this program is new enough for an engine's warehouse",
    "db/passwords.py": "the parameters of hashing",
    "dashboard/administration/sample.py": "one request's own file, while it is looked at",
    "dashboard/filters.py": "of one request's own address, what its links carry along",
    "db/originals.py": "connections to object storage, by address",
}
CACHES = {"cachetools", "flask_caching", "diskcache", "dogpile"}
KEEPERS = {"cache", "lru_cache", "cached_property", "singledispatch"}


def caches_in(path: Path) -> set[str]:
    """The caches that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom) and node.module
            else []
        )
        found |= {name for name in names if name.split(".")[0] in CACHES}
        found |= {name for name in names if name.split(".")[0] == "functools" and name.split(".")[-1] in KEEPERS}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "functools":
            found |= {node.attr} & KEEPERS
    return found


def test_nothing_but_the_view_keeps_what_was_read_from_the_warehouse():
    modules = [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "db").rglob("*.py"), ROOT / "measures.py"]
    found = {path.relative_to(ROOT).as_posix() for path in modules if caches_in(path)}
    assert found <= set(ALLOWED), "keep it with dashboard.view.View.kept, or say here why it holds nothing of a tenant"


def test_one_budget_holds_all_that_is_kept():
    """Of the two that keep anything of a tenant, the view makes it and dashboard.answers shares it."""
    makers = [path for path in (ROOT / "dashboard").rglob("*.py") if "Budget(" in path.read_text("utf-8")]
    assert [path.relative_to(ROOT).as_posix() for path in makers] == ["dashboard/view.py"]


def test_the_rule_sees_every_way_of_importing_a_cache(tmp_path):
    for number, line in enumerate(
        [
            "import cachetools",
            "from functools import lru_cache",
            "import functools\nfunctools.cache",
            "import diskcache",
        ]
    ):
        path = tmp_path / f"{number}.py"
        path.write_text(line)
        assert caches_in(path), line


def test_no_two_modules_keep_different_answers_under_one_question():
    asked = defaultdict(set)
    for path in (ROOT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"kept": 0, "asked": 1}.get(name)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                asked[node.args[place].value].add(str(path))
    assert len(asked) > 20
    assert {question: where for question, where in asked.items() if len(where) > 1} == {}
