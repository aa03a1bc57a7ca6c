"""The command line as the operator of an installation uses it for A: every command found, each run in this process."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from scheme.errors import AssayError, UsageError
from tests.noninterference import asks, known_values, masks, story
from tests.noninterference.known_values import Known
from tests.noninterference.worlds import World


@dataclass(frozen=True)
class Command:
    """One command, by its words, with its arguments and options by name."""

    words: tuple[str, ...]
    parameters: tuple[Any, ...]

    @property
    def name(self) -> str:
        """Its words."""
        return " ".join(self.words)

    @property
    def is_of_a_tenant(self) -> bool:
        """Whether it speaks of one organisation; what `OF_THE_PLATFORM` names speaks of all."""
        return self.name not in known_values.OF_THE_PLATFORM


@dataclass(frozen=True)
class Said:
    """What a command said, without nonces and clocks, and what it said word for word."""

    code: int
    out: str
    raw: str
    said: tuple[str, ...] = ()

    def without_said(self) -> tuple[int, str]:
        """The same with every id that was said replaced."""
        out = self.out
        for word in self.said:
            out = out.replace(word, "SAID")
        return self.code, out


def commands() -> list[Command]:
    """Every command there is, but those that are not run here."""
    import assay

    def below(command: Any, words: tuple[str, ...]) -> Iterator[Command]:
        if hasattr(command, "commands"):
            for name, sub in command.commands.items():
                yield from below(sub, (*words, name))
        else:
            yield Command(words, tuple(command.params))

    found = list(below(typer.main.get_command(assay.app), ()))
    return [command for command in found if command.name not in known_values.NOT_RUN]


def values_of(command: Command, name: str) -> Known:
    """The values for an argument of a command: of this command's own, of its group's, or of any."""
    table = known_values.COMMAND
    for key in (f"{command.name} {name}", f"{command.words[0]} {name}"):
        if key in table:
            return table[key]
    return asks.known(table, "COMMAND", name, f"the command `assay {command.name}`")


def ways(command: Command, folder: Path) -> Iterator[tuple[str, list[str], tuple[str, ...], str, str]]:
    """The ways to ask a command: variant, its words, what was said of others, twin, whose."""
    usual: dict[str, list[str]] = {}
    for parameter in command.parameters:
        each = values_of(command, parameter.name)
        if parameter.required or parameter.name == "tenant":
            usual[parameter.name] = _words(parameter, each.ours[0], folder)
    yield "usual", [*command.words, *_in_order(command, usual)], (), "", "ours"
    for parameter in command.parameters:
        each = values_of(command, parameter.name)
        for value in each.ours if command.name == "measure" else ():
            told = {**usual, parameter.name: _words(parameter, value, folder)}
            yield f"{parameter.name}={value}", [*command.words, *_in_order(command, told)], (), "", "ours"
        if parameter.name == "tenant":
            continue  # whose organisation it is about: A
        for whose, value in (("theirs", each.theirs), ("nobodys", each.nobodys)):
            if value is not None:
                told = {**usual, parameter.name: _words(parameter, value, folder)}
                said = asks.words(value)
                yield (
                    f"{parameter.name} {whose}",
                    [*command.words, *_in_order(command, told)],
                    said,
                    parameter.name,
                    whose,
                )


def _in_order(command: Command, told: dict[str, list[str]]) -> list[str]:
    """Options first, then the arguments in their order."""
    names = [p.name for p in sorted(command.parameters, key=lambda p: p.param_type_name == "argument")]
    return [word for name in names if name in told for word in told[name]]


def _words(parameter: Any, value: object, folder: Path) -> list[str]:
    if value == "FILES":
        value = story.written(story.OURS, folder, date(2026, 1, 7), earlier=True) / "departments.csv"
    if parameter.param_type_name == "argument":
        return [str(value)]
    return [parameter.opts[0]] if value is True else [parameter.opts[0], str(value)]


def said_by(words: list[str], said: tuple[str, ...] = ()) -> Said:
    """What `assay` says to these words, as its `main` would end."""
    import assay

    done = CliRunner().invoke(assay.app, words)
    code, raw = done.exit_code, done.stdout_bytes.decode("utf-8", "replace") + done.stderr
    match done.exception:
        case None | SystemExit():
            pass
        case UsageError() as error:
            code, raw = 2, f"{raw}assay: {error}"
        case AssayError() as error:
            code, raw = 1, f"{raw}assay: {error}"
        case error:
            code, raw = 70, f"{raw}FAULT {type(error).__name__}: {error}"
    return Said(code, masks.text(raw), raw, said)


def run(world: World, folder: Path, twins: bool) -> dict[tuple[str, str], Said]:
    """Every command that speaks of A, in a world that was entered; what was written is put back each time."""
    answers, before = {}, world.remembered()
    asked = [(command, way) for command in commands() for way in ways(command, folder)]
    # Nobody's ids last: what they leave in the audit log is not there in a world in which they are not said.
    for command, (variant, words, said, _, whose) in sorted(asked, key=lambda each: each[1][4] == "nobodys"):
        if whose == "nobodys" and not twins:
            continue
        told = said_by(words, said)
        answers[command.name, variant] = replace(told, out=told.out.replace(str(folder), "FOLDER"))
        if command.is_of_a_tenant:
            now = world.others()
            assert now == before, f"`assay {shlex.join(words)}` changed rows of others"
        world.restore()
    return answers
