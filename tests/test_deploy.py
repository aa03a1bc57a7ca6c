"""What deploy/ holds is what this program needs: its commands, settings, files and addresses (issue 8, item 1)."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from tests.test_house import SHIPPED

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMANDS = re.compile(r"(?:assay, |/opt/assay/bin/assay |run assay |exec -T worker assay )([a-z-]+)")


def test_every_server_of_ours_is_begun_alike():
    how = "--config python:dashboard.serving dashboard.app:server"
    for path in (ROOT / "Procfile", DEPLOY / "systemd/assay.service", DEPLOY / "Containerfile"):
        assert how in re.sub(r'[",]+', "", path.read_text("utf-8")), path.name


def test_whoever_stops_the_server_waits_longer_than_it_takes_to_finish_a_request():
    from dashboard.serving import graceful_timeout

    unit = (DEPLOY / "systemd/assay.service").read_text("utf-8")
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > graceful_timeout
    assert int(composed["services"]["web"]["stop_grace_period"].rstrip("s")) > graceful_timeout


def test_every_command_that_is_run_there_exists():
    from assay import app

    known = set(typer.main.get_command(app).commands)
    said = "\n".join(path.read_text("utf-8") for path in [*UNITS, DEPLOY / "compose.yaml", ROOT / "docs/operating.md"])
    assert set(COMMANDS.findall(said)) <= known
    assert len(set(COMMANDS.findall(said))) >= 5


def test_no_password_stands_in_any_of_these_files():
    for path in (path for path in DEPLOY.rglob("*") if path.is_file()):
        for line in path.read_text("utf-8").splitlines():
            found = re.match(r"\W*(\w*(?:PASSWORD|SECRET)\w*)[=:]\s*(\S*)", line)
            assert not found or re.fullmatch(r"(\$\{\w+:\?\})?", found[2]), f"{path.name}: {line}"


def test_only_what_upgrades_the_warehouse_has_the_owners_password():
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    with_it = {name for name, one in composed["services"].items() if "ASSAY_OWNER" in str(one)}
    assert with_it == {"database", "upgrade"}
    assert "OWNER" not in (DEPLOY / "environment.example").read_text("utf-8")


def test_every_file_that_compose_and_the_guide_name_is_there():
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    mounted = [volume.split(":")[0] for one in composed["services"].values() for volume in one.get("volumes", [])]
    for name in (name for name in mounted if name.startswith("./")):
        assert (DEPLOY / name).exists(), name
    for name in re.findall(r"/opt/assay/src/(\S+?)(?=[\s'*]|$)", (ROOT / "docs/operating.md").read_text("utf-8"), re.M):
        assert list(ROOT.glob(f"{name}*")), name


def test_every_timer_has_its_service_and_every_unit_that_fails_tells_somebody():
    names = {unit.name for unit in UNITS}
    for unit in UNITS:
        if unit.suffix == ".timer":
            assert f"{unit.stem}.service" in names
        if unit.suffix == ".service" and "@" not in unit.name:
            assert "OnFailure=assay-alert@%n.service" in unit.read_text("utf-8"), unit.name


def test_the_image_is_made_of_what_the_lock_file_names():
    recipe = (DEPLOY / "Containerfile").read_text("utf-8")
    assert "--require-hashes -r requirements.lock" in recipe
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    version = tuple(map(int, re.search(r"python:(\d+)\.(\d+)-", recipe).groups()))
    assert version >= tuple(map(int, re.search(r"(\d+)\.(\d+)", needed).groups()))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_a_unit(unit, tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.fail("systemd-analyze is not installed; `make test` installs it (Debian package systemd)", pytrace=False)
    # Verified as it will lie there: names of programs are ours, and exist where the guide puts them.
    for each in UNITS:
        text = each.read_text("utf-8").replace("/opt/assay/bin/", "/usr/bin/env ").replace("User=assay\n", "")
        (tmp_path / each.name).write_text(text.replace("Group=assay\n", ""), "utf-8")
    name = unit.name.replace("@.", "@some.")
    if name != unit.name:
        (tmp_path / unit.name).rename(tmp_path / name)
    done = subprocess.run([verify, "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if unit.stem.split("@")[0] in line and "postgresql" not in line]
    assert (done.returncode, said) == (0, [])


def test_what_goes_into_the_image_is_what_a_wheel_is_made_of_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    of_a_wheel = {*SHIPPED, "*.py", "README.md", "pyproject.toml", "requirements.lock"}
    assert {line[1:] for line in lines if line.startswith("!")} == of_a_wheel
