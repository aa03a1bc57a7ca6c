"""The house itself: what is shipped, what it stands on, and that its papers are true."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

from etl.run import check
from scheme.standard import profile_of, shipped
from scheme.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SHIPPED = ("commands", "scheme", "db", "etl", "dashboard", "assets", "examples")
PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this source tree, built in a copy so that the tree stays as it is."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*SHIPPED, "pyproject.toml", "README.md", *(f"{m}.py" for m in modules())):
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, copy / name)
    run("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), str(copy))
    (built,) = out.glob("*.whl")
    return built


def modules() -> list[str]:
    """The modules that stand alone beside the packages."""
    return PROJECT["tool"]["setuptools"]["py-modules"]


def run(*arguments: str, **environment: str) -> str:
    """What Python prints when run with the arguments; AssertionError holds both streams when it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_holds_every_file_that_is_not_a_by_product(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"{module}.py" for module in modules()}
    for package in SHIPPED:
        files = (path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        wanted |= {path.relative_to(ROOT).as_posix() for path in files}
    assert wanted - held == set()


def test_an_installed_wheel_works_far_from_the_source(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(place), str(wheel))
    elsewhere = {"PYTHONPATH": str(place), "ASSAY_DATABASE_URL": f"sqlite:///{tmp_path / 'assay.db'}"}
    assert run("-P", "-c", "import assay; print(assay.__file__)", **elsewhere).strip() == str(place / "assay.py")
    run("-P", "-m", "assay", "upgrade", **elsewhere)
    run("-P", "-m", "assay", "tenant", "add", "wychavon", "--name", "Wychavon", **elsewhere)
    published = place / "examples" / "published" / "wychavon.csv"
    run("-P", "-m", "assay", "load", str(published), "--tenant", "wychavon", **elsewhere)
    asked = ("standing", "--tenant", "wychavon", "--department", "WYCHAVON", "--format", "csv")
    assert len(run("-P", "-m", "assay", "measure", *asked, **elsewhere).splitlines()) == 1 + 57


# import-linter reads packages only; the same rules for the modules that stand alone (docs/architecture.md).
MAY_IMPORT = {
    "assay": {"commands", "scheme", "variables"},
    "measures": {"db", "scheme"},
    "formats": set(),
    "variables": {"scheme"},
}


@pytest.mark.parametrize("module", modules())
def test_a_module_that_stands_alone_imports_only_what_lies_below_it(module: str) -> None:
    tree = ast.parse((ROOT / f"{module}.py").read_text("utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in named}
    assert roots & {*SHIPPED, *modules()} <= MAY_IMPORT[module]
    assert not roots & {"sqlalchemy", "alembic", "psycopg"}


def test_the_bundled_plotly_is_the_one_that_the_locked_package_speaks_to() -> None:
    head = (ROOT / "assets" / "plotly-cartesian.min.js").read_text("utf-8")[:200]
    assert f"v{get_plotlyjs_version()}\n" in head


def procfile(command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines())
    words = lines[command].replace("gunicorn ", "-m gunicorn --check-config ").replace("assay ", "-m assay ")
    environment = {key: value for key, value in {**os.environ, **settings}.items() if value}
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} {words}"], capture_output=True, text=True, cwd=ROOT, env=environment
    )


def test_the_procfile_brings_up_a_warehouse_and_a_server_that_gunicorn_accepts(tmp_path) -> None:
    where = {"ASSAY_DATABASE_URL": f"sqlite:///{tmp_path}/assay.db"}
    for command in ("release", "web"):
        done = procfile(command, **where)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("secret", ["", "short", "changeme-changeme-changeme-changeme", "x" * 60])
def test_no_server_starts_without_a_secret_worth_the_name(tmp_path, secret) -> None:
    where = {"ASSAY_DATABASE_URL": f"sqlite:///{tmp_path}/assay.db", "ASSAY_SECRET": secret}
    assert procfile("release", **where).returncode == 0
    done = procfile("web", **where)
    assert done.returncode != 0
    assert "ASSAY_SECRET" in done.stderr + done.stdout


def test_the_shipped_standard_has_the_official_counts() -> None:
    standard = shipped("cse")
    assert len(standard.criteria) == 5
    assert len(standard.sub_criteria) == 15
    assert [len(criterion.elements) for criterion in standard.criteria] == [11, 11, 12, 13, 10]


def test_every_element_has_a_short_title_and_one_sentence_of_guidance() -> None:
    for element in shipped("cse").elements:
        assert 3 <= len(element.title.split()) <= 7, element
        assert re.fullmatch(r"Show [^.!?]*\.", element.guidance), element
    titles = [element.title for element in shipped("cse").elements]
    assert len(set(titles)) == len(titles)


def locked(name: str) -> dict[str, str]:
    """What a lock file says of each distribution: name -> its lines."""
    text = (ROOT / name).read_text("utf-8")
    blocks = re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,]*\])?==(.*(?:\n    .*)*)", text, flags=re.MULTILINE)
    return {normal(distribution): block for distribution, block in blocks}


def normal(distribution: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def named(requirements: list[str]) -> set[str]:
    """The names in a list of requirements."""
    return {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements}  # type: ignore[index]


def test_the_locks_hold_every_dependency_with_its_hashes_and_no_address() -> None:
    wanted = named(PROJECT["project"]["dependencies"])
    tests = named(PROJECT["project"]["optional-dependencies"]["test"])
    for name, needed in (("requirements.lock", wanted), ("requirements-test.lock", wanted | tests)):
        lock = locked(name)
        assert needed - lock.keys() == set(), f"{name} lacks these: run `make lock`"
        assert [distribution for distribution, block in lock.items() if "--hash=sha256:" not in block] == []
        assert not re.search(r"://|--(extra-)?index-url|--find-links", (ROOT / name).read_text("utf-8"))


def test_both_locks_name_the_same_versions() -> None:
    everything = locked("requirements-test.lock")
    for distribution, block in locked("requirements.lock").items():
        assert block.split()[0] == everything[distribution].split()[0], distribution


def test_every_dependency_is_accounted_for_in_the_decisions() -> None:
    told = (ROOT / "docs" / "decisions.md").read_text("utf-8").lower()
    assert {name for name in named(PROJECT["project"]["dependencies"]) if f"`{name}`" not in told} == set()


def test_every_link_between_papers_leads_somewhere() -> None:
    lost = []
    for paper in PAPERS:
        for target in re.findall(r"\]\(([^)\s]+)\)", paper.read_text("utf-8")):
            path = target.split("#")[0]
            if path and "://" not in path and not (paper.parent / path).exists():
                lost.append(f"{paper.relative_to(ROOT)}: {target}")
    assert lost == []


def test_every_source_file_that_a_paper_names_exists() -> None:
    lost = []
    for paper in PAPERS:
        for name in re.findall(r"`((?:scheme|db|etl|dashboard|tests|docs|assets)/[\w./-]*)`", paper.read_text("utf-8")):
            if not (ROOT / name).exists():
                lost.append(f"{paper.relative_to(ROOT)}: {name}")
    assert lost == []


def test_every_test_that_the_paper_on_security_names_exists() -> None:
    paper, lost = (ROOT / "docs/security.md").read_text("utf-8"), []
    for line in paper.splitlines():
        file = ""
        for word in re.findall(r"`([^`]+)`", line) if re.match(r"\| [DTWF][0-9]+ \|", line) else ():
            if word.endswith(".py"):
                file = word
                lost += [] if (ROOT / file).exists() else [word]
            elif word.startswith("test_") and f"def {word}(" not in (ROOT / file).read_text("utf-8"):
                lost.append(f"{file}::{word}")
    assert lost == []
    told = set(re.findall(r"^\| ([DTWF][0-9]+) \|", paper, flags=re.M))
    wanted = {f"D{n}" for n in range(1, 15)} | {f"T{n}" for n in range(1, 17)} | {f"W{n}" for n in range(3, 7)}
    assert wanted <= told


def test_no_callback_runs_in_the_background() -> None:
    """reliability.md D4: results of background callbacks are kept by arguments, without whose they are."""
    for path in (ROOT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [keyword.arg for keyword in node.keywords] if isinstance(node, ast.Call) else []
            assert not {"background", "background_callback_manager"} & set(named), path


def test_every_function_on_the_way_of_one_result_is_where_the_paper_says() -> None:
    rows = re.findall(
        r"^\| \d+ \| (.*?) \| (.*?) \|", (ROOT / "docs" / "architecture.md").read_text("utf-8"), re.MULTILINE
    )
    assert rows
    for where, names in rows:
        for file, name in zip(re.findall(r"`(.*?)`", where), re.findall(r"`(.*?)`", names), strict=True):
            assert re.search(rf"def {name}\b", (ROOT / file).read_text("utf-8")), f"{file}: {name}"


def test_every_command_that_a_paper_shows_exists() -> None:
    known = set(re.findall(r"^[│|\s]+([a-z]+)\s{2,}", run("-m", "assay", "--help", COLUMNS="100"), flags=re.MULTILINE))
    assert "load" in known
    shown = {
        (paper.name, command)
        for paper in PAPERS
        for command in re.findall(r"(?:^|`|\$ )assay ([a-z]+)", paper.read_text("utf-8"), flags=re.MULTILINE)
    }
    assert {(paper, command) for paper, command in shown if command not in known} == set()


def test_the_paper_on_sending_names_every_column_of_every_table() -> None:
    rows = re.findall(r"^\| (\w+) \| (.*?) \| .*? \|$", (ROOT / "docs" / "sending.md").read_text("utf-8"), re.MULTILINE)
    told = {table: (must, may) for table, cell in rows for must, _, may in [cell.partition("*")]}
    for table in TABLES.values():
        must, may = (set(re.findall(r"\w+", part)) for part in told[table.name])
        assert {column.name for column in table.columns if column.required} <= must, table.name
        assert {column.name for column in table.columns if not column.required} <= may, table.name


def test_the_source_file_that_the_paper_on_sending_shows_is_taken(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "sending.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "housing.toml").write_text(shown, "utf-8")
    sent = tmp_path / "theirs.csv"
    sent.write_text("Team,Std ref,Outcome\nHWY,1.1.1,Green\nHWY,1.1.2,Amber\nHWY,1.1.3,Not looked at\n", "utf-8")
    report = check([str(sent)], source=tmp_path / "housing.toml")
    assert [(file.table, file.loaded, file.no_result, file.set_aside) for file in report.files] == [
        ("results", 2, 1, 0)
    ]


def test_the_profile_that_the_paper_on_the_scheme_shows_is_taken() -> None:
    shown = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "scheme.md").read_text("utf-8"), re.DOTALL)[0]
    profile = profile_of(tomllib.loads(shown), shipped("cse"))
    assert profile.allowances["4"] == 3
    assert profile.annual_elements == ("1.1.1", "4.3.2")


def test_the_glossary_is_in_alphabetical_order_and_defines_each_word_once() -> None:
    words = re.findall(r"^\*\*([^*]+)\*\*", (ROOT / "docs" / "glossary.md").read_text("utf-8"), flags=re.MULTILINE)
    assert words == sorted(set(words), key=str.casefold)


def test_the_readme_names_the_commands_that_set_everything_up() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert {"demo", "test"} <= set(re.findall(r"make ([a-z]+)", readme)) <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
