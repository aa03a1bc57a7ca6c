"""Settings: declared once, read nowhere else, told as they are, checked without a secret being said."""

import ast
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import assay
from dashboard import checking
from db import soundness
from db.engine import database_url, engine
from scheme.errors import UsageError
from variables import declare, declared, text

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = [
    path
    for place in ("commands", "scheme", "db", "etl", "dashboard", "assay.py", "formats.py", "measures.py")
    for path in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
]
# Who may look into the environment for what is no setting of ours, and for what.
OTHERS = {
    "dashboard/rehearsal.py": "what its process inherits: everything but settings of ours",
    "dashboard/app.py": "Dash's own switches, which must not be set",
    "dashboard/providers.py": "a client's secret, in the variable that the providers' file names",
    "dashboard/serving.py": "PROMETHEUS_MULTIPROC_DIR, which it sets for its workers",
    "dashboard/metrics_port.py": "the same, as it was set",
    "db/originals.py": "AWS_ALLOW_HTTP, of the store's maker",
    "etl/stores.py": "the store's makers' variables, kept out of a tenant's sight",
}
CANARY = "CANARY-of-a-secret-8421"


def rows() -> dict[str, tuple[str, str]]:
    """The table of settings in the paper: name -> its two cells, without where links lead."""
    paper = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = paper.partition("| variable | what it says | otherwise |")[2].partition("\n\n")[0]
    found = re.findall(r"^\| `([A-Z_.]+)` \| (.*) \| (.*) \|$", table, re.M)
    assert len(found) == len(table.strip().splitlines()) - 1, "a row that is not one, or two in one"
    assert len({name for name, _, _ in found}) == len(found), "a setting has two rows"
    return {name: tuple(re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", cell) for cell in cells) for name, *cells in found}


def test_the_paper_on_operating_says_of_each_setting_what_its_declaration_says():
    assert rows() == {name: (one.says, one.otherwise) for name, one in declared().items()}


def test_no_setting_is_read_but_through_its_declaration():
    readers = {}
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "os":
                assert not {each.name for each in node.names} & {"environ", "environb", "getenv"}, path
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv"):
                readers.setdefault(path.relative_to(ROOT).as_posix(), []).append(node)
            if isinstance(node, ast.Call) and re.search(r"environ|getenv", ast.unparse(node.func)):
                assert "ASSAY_" not in ast.unparse(node), f"{path}: {ast.unparse(node)}"
    assert set(readers) == set(OTHERS)


def test_each_setting_is_declared_where_it_is_read_and_only_there():
    places: dict[str, list[str]] = {}
    for path in PRODUCT:
        said = path.read_text("utf-8")
        for name in re.findall(r'= declare\(\s*f?"([A-Z_]+)', said):
            places.setdefault(name, []).append(path.name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
    assert {name.removesuffix("...") for name in declared()} == set(places)


def test_a_second_declaration_of_a_setting_is_an_error_of_ours():
    with pytest.raises(AssertionError, match="declared twice"):
        declare("ASSAY_ORIGIN", "something else", "none", text)


WRONG = {
    "ASSAY_CACHE_MB": "a lot",
    "ASSAY_UPLOAD_MB": "-1",
    "ASSAY_PROXIES": "one",
    "ASSAY_REQUESTS_A_MINUTE": "0",
    "ASSAY_PARTITIONS": "129",
    "ASSAY_POOLER": "session",
    "ASSAY_SECOND_FACTOR": "no",
    "ASSAY_WORK": "outside",
    "ASSAY_FOLDERS": "/srv/in",
    "ASSAY_ALLOWED_HOSTS": "files.internal",
    "ASSAY_ORIGIN": "http://assay.example.org",
    "ASSAY_ORIGINALS": "ftp://there",
    "ASSAY_SMTP_FROM": "nobody",
    "ASSAY_SMTP_URL": f"smtp://user:{CANARY}@mail.example",
    "ASSAY_SECRET": f"{CANARY[:20]}",
    "ASSAY_SECRET_BEFORE": f"{CANARY} {CANARY}",
    "ASSAY_OWNER_DATABASE_URL": f"mysql://owner:{CANARY}@db/assay",
    "PORT": "0",
    "WEB_CONCURRENCY": "none",
    "ASSAY_METRICS": "0.0.0.0:9108",
    "ASSAY_LOGS": "xml",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_setting_that_makes_no_sense_is_told_with_what_it_says(name, monkeypatch):
    monkeypatch.setenv(name, WRONG[name])
    (found,) = [one for one in checking.settings() if one.about == name]
    assert found.state == "wrong"
    assert found.mend == f"it says {declared()[name].says}"
    assert not declared()[name].is_secret or WRONG[name] not in found.what
    with pytest.raises(UsageError):
        declared()[name].read()
    monkeypatch.delenv(name)
    assert declared()[name].fault() is None


def checked(code: int) -> dict[str, dict[str, str]]:
    """What `assay config check` says, by what it is about."""
    done = CliRunner().invoke(assay.app, ["config", "check", "--format", "json"])
    assert done.exit_code == code, done.stdout + done.stderr
    return {one["about"]: one for one in json.loads(done.stdout)}


def test_the_check_says_that_a_sound_installation_is_sound(warehouse):
    found = checked(0)
    assert [list(one) for one in found.values()] == [["about", "state", "what", "mend"]] * len(found)
    assert {one["state"] for one in found.values()} <= {"fine", "note", "warning"}
    assert {*declared(), "warehouse", "version", "originals", "secret", "dash", "authlib", "werkzeug"} <= set(found)
    if warehouse == "sqlite":
        assert {"SQLite library", "journal mode", "disk of the warehouse"} <= set(found)
    else:
        assert found["row-level security"]["state"] == "fine"
        assert re.fullmatch(r"\d+ of \d+ in use", found["connections of PostgreSQL"]["what"])


def test_no_secret_is_printed_whatever_is_wrong(warehouse, monkeypatch, tmp_path):
    """Every secret setting, and every place in which one may stand by mistake, holds a canary."""
    (tmp_path / "sign-on.toml").write_text(f'[providers.x]\nclient_secret = "{CANARY}"\n', "utf-8")
    (tmp_path / "secret").write_text(f"{CANARY} {CANARY}", "utf-8")
    for name, one in declared().items():
        if one.is_secret and name != "ASSAY_DATABASE_URL":
            monkeypatch.setenv(name.replace("...", "ASH__TOKEN_X"), CANARY)
    monkeypatch.setenv("ASSAY_SIGN_ON", str(tmp_path / "sign-on.toml"))
    here, addresses = (
        database_url(),
        [
            f"postgresql://assay:{CANARY}@127.0.0.1:1/assay",
            f"postgresql://127.0.0.1:1/assay?user=assay&password={CANARY}",
            f"mysql://assay:{CANARY}@db/assay",
            f"postgresql://assay:{CANARY}@[nonsense/assay",
            CANARY,
        ],
    )
    for printed in ("json", "table"):
        for address in (*addresses, here) if printed == "json" else (here,):
            monkeypatch.setenv("ASSAY_DATABASE_URL", address)
            done = CliRunner().invoke(assay.app, ["config", "check", "--format", printed])
            assert done.exit_code == 2, done.stdout
            assert CANARY not in done.stdout + done.stderr
    monkeypatch.delenv("ASSAY_SECRET")
    monkeypatch.setenv("ASSAY_SECRET_FILE", str(tmp_path / "secret"))
    assert CANARY not in str(checking.findings())


def test_a_warehouse_that_is_not_there_or_not_ours_to_use_is_told(warehouse, monkeypatch, tmp_path):
    if warehouse == "sqlite":
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
        assert checked(2)["warehouse"]["mend"] == "run `assay upgrade`"
        assert not (tmp_path / "none.db").exists()
        (tmp_path / "none.db").touch()
        assert checked(2)["version"]["mend"] == "run `assay upgrade`"
        engine().dispose()
        return
    monkeypatch.setenv("ASSAY_DATABASE_URL", database_url())
    from db.engine import owner_url

    monkeypatch.setenv("ASSAY_DATABASE_URL", owner_url())
    assert checked(2)["row-level security"]["state"] == "wrong"
    assert soundness.unready().startswith("row-level security: ")


def test_originals_that_cannot_be_written_are_told(monkeypatch, tmp_path, empty_warehouse):
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{empty_warehouse('sqlite')}")
    (tmp_path / "a file").touch()
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "a file" / "originals"))
    assert checked(2)["originals"]["mend"] == "mend ASSAY_ORIGINALS, or who may write there"
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "later" / "originals"))
    assert checked(0)["originals"]["state"] == "fine"
    assert list(tmp_path.iterdir()) == [tmp_path / "a file"]


def test_a_name_that_is_nearly_a_setting_is_told(monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_ULR", CANARY)
    monkeypatch.setenv("ASSAY_SECRET_OF_ASH__TOKEN_X", "of a family, and so no stranger")
    strange = [one.about for one in checking.settings() if one.state == "warning" and one.about != "ASSAY_EXAMPLES"]
    assert strange == ["ASSAY_DATABASE_ULR"]


def test_a_file_with_a_log_that_this_sqlite_may_damage_is_told_before_it_is_opened(tmp_path, monkeypatch):
    """reliability.md W1."""
    import sqlite3

    path = tmp_path / "assay.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (n)")
    connection.close()
    found = {one.about: one for one in soundness._of_sqlite(str(path))}
    is_safe = sqlite3.sqlite_version_info >= soundness.SAFE_WAL
    assert found["journal mode"].state == ("fine" if is_safe else "wrong")
    assert found["SQLite library"].state == ("fine" if is_safe else "note")


def test_floors_are_compared_as_numbers():
    assert checking._numbers("4.10.0") > checking._numbers("4.4.1") > checking._numbers("4.4.1rc1"[:3])
    assert {one.state for one in checking.libraries()} == {"fine"}
