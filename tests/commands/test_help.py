"""The help that each command gives: an example that the command itself takes, and options that say what they are."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from assay import app

Command = Any


def commands(command: Command, *words: str) -> Iterator[tuple[str, Command]]:
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, below in command.commands.items():
        yield from commands(below, *words, name)


ALL = dict(commands(typer.main.get_command(app)))


def examples(command: Command) -> list[str]:
    """The examples in a command's own words, up to the end of their line."""
    return [found.rstrip(".") for found in re.findall(r"Example: (assay .*)", command.help or "")]


@pytest.mark.parametrize("words", ALL)
def test_a_command_takes_its_own_example(words):
    command = ALL[words]
    given = examples(command)
    assert given, f"assay {words} shows no example"
    for example in given:
        assert example.startswith(f"assay {words}"), example
        command.make_context(words, shlex.split(example)[1 + len(words.split()) :])


@pytest.mark.parametrize("words", ALL)
def test_each_option_says_what_it_is_and_shows_a_value(words):
    for option in ALL[words].params:
        told = getattr(option, "help", None)
        if option.name == "help":
            continue
        assert told, f"assay {words}: {option.name} says nothing"
        if not getattr(option, "is_flag", False):
            assert "Example: " in told, f"assay {words}: {option.name} shows no value"


def test_the_program_says_which_version_it_is():
    told = CliRunner().invoke(app, ["--version"])
    assert told.exit_code == 0
    assert re.fullmatch(r"Assay (\d+\.\d+\S*|from source), warehouse \d{4}\n", told.stdout)
