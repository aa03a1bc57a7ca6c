"""Asks everything as each role of A, and says what A could learn of anybody else."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Dash

from tests.noninterference import api, asks, callbacks, canaries, forms, masks, routes, story, worlds
from tests.noninterference.asks import Ask
from tests.noninterference.worlds import World

# Who reads the audit log comes first: what the others are refused is written there, and not in every world alike.
ROLES = ("administrator", *(name for name in worlds.PEOPLE if name != "administrator"), *worlds.GUESTS)


@dataclass(frozen=True)
class Seen:
    """What was answered: status, headers and body, without nonces and clocks; `raw` is the body as it came."""

    ask: Ask
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    raw: str

    @property
    def told(self) -> tuple[Any, ...]:
        """What must be the same whatever others have."""
        return self.status, self.headers, self.body

    def without_said(self) -> tuple[Any, ...]:
        """The same with every id that was said replaced."""
        body, headers = self.body, str(self.headers)
        for word in self.ask.said:
            body, headers = body.replace(word, "SAID"), headers.replace(word, "SAID")
        return self.status, headers, body


def seen(asked: Ask, answer: Any) -> Seen:
    """An answer of Flask's, noted."""
    told, data = tuple(masks.headers(list(answer.headers))), answer.get_data()
    return Seen(asked, answer.status_code, told, masks.body(data), masks.unpacked(data))


class Program:
    """One program of A with its token, asking the API in this process."""

    def __init__(self, app: Dash, name: str) -> None:
        self.client = app.server.test_client()
        self.headers = {"Authorization": f"Bearer {worlds.bearer(name)}"}

    def described(self) -> dict[str, Any]:
        """The API's own description."""
        return self.client.get("/api/v1/openapi.json", headers=self.headers).get_json()

    def ask(self, asked: Ask) -> Seen:
        """Ask, and note the answer."""
        form = {name: value for name, value in (asked.form or {}).items() if value != "FILES"}
        files = {"file": (io.BytesIO(story.A_FILE), "our-results.csv")} if form != (asked.form or {}) else {}
        more: dict[str, Any] = {"data": {**form, **files}, "content_type": "multipart/form-data"} if asked.form else {}
        answer = self.client.open(asked.path, method=asked.method, headers=self.headers, **more)
        return seen(asked, answer)


Answers = dict[tuple[str, str, str], Seen]


class Asking:
    """One person's browser in this process."""

    def __init__(self, app: Dash, person: str) -> None:
        self.person = person
        self.client = app.server.test_client()
        self.client.set_cookie("assay", worlds.token(person))
        self.page_token = page_token(self.client.get("/").text)
        self.form_tokens: dict[str, str] = {}  # by where a form goes: the token that stood in it

    def ask(self, asked: Ask) -> Seen:
        """Ask, and note the answer."""
        ready = asks.with_token(asked, self.form_tokens.get(asked.path.partition("?")[0], self.page_token))
        self.client.set_cookie("assay", worlds.token(self.person))  # whatever the answer before did to it
        self.client.delete_cookie("assay-said")  # the sentence about the change before, for the next page
        more: dict[str, Any] = {"json": ready.json} if ready.json is not None else {}
        if ready.form is not None:
            more["data"] = ready.form
        answer = self.client.open(ready.path, method=ready.method, headers=ready.headers, **more)
        data = answer.get_data()
        if ready.method == "GET" and b"<form" in data:
            for form in forms.forms_in(data.decode("utf-8", "replace"))[0]:
                where = (form.action or ready.path).partition("?")[0]
                self.form_tokens[where] = form.fields.get("page", self.page_token)
        return Seen(
            asked,
            answer.status_code,
            tuple(masks.headers(list(answer.headers))),
            masks.body(data),
            masks.unpacked(data),
        )


def page_token(page: str) -> str:
    """The token in a page's head; "" where there is none."""
    _, __, rest = page.partition('name="assay-page" content="')
    return rest.partition('"')[0]


def asks_of(app: Dash) -> list[Ask]:
    """Everything that the program says it can be asked, but what stands in its pages."""
    return asks.once([*routes.route_asks(app), *callbacks.callback_asks(app)])


def forms_of(asking: Asking, seen: Iterable[Seen]) -> list[Ask]:
    """The forms in the pages that were answered."""
    told, met = [], set()
    for each in seen:
        if each.status == 200 and each.ask.method == "GET" and each.ask.whose == "ours" and "<form" in each.raw:
            path = each.ask.path
            for number, form in enumerate(forms.forms_in(each.raw)[0]):
                shape = (form.method, form.action.partition("?")[0] or path.partition("?")[0], *sorted(form.fields))
                if shape not in met:
                    told += list(forms.form_asks(path, form, number))
                met.add(shape)
    return sorted(asks.once(told), key=lambda ask: ask.whose == "nobodys")


def links_of(seen: Iterable[Seen]) -> list[Ask]:
    """The addresses of plain pages that stand in the pages that were answered, one of each shape."""
    shapes: dict[tuple[str, str], str] = {}
    for each in seen:
        if each.status == 200 and each.ask.whose == "ours" and routes.is_plain(each.ask.path):
            for link in forms.forms_in(each.raw)[1]:
                path, _, query = link.partition("?")
                if routes.is_plain(path) and query and not path.startswith("/administration/audit"):
                    shapes.setdefault((path, "&".join(part.partition("=")[0] for part in query.split("&"))), link)
    return asks.once(ask for link in shapes.values() for ask in forms.link_asks(link))


# Who may open a part of A alone: HOU and what lies below it.
LIMITED = ("champion", "assessor", "guest", "program of HOU")
# Asked everything in every variant; the others what differs most.
THOROUGH = ("lead", "champion")


def run(
    app: Dash,
    world: World,
    people: Sequence[str] = ROLES,
    only: str = "",
    twins: bool = True,
    thorough: Sequence[str] = THOROUGH,
    programs: bool = True,
) -> Answers:
    """Everything as each of these people, in the world that was entered; what was written is put back each time.

    AssertionError where a row of somebody else changed. `only`: surfaces whose name holds it. `twins`: nobody's ids
    too. `thorough`: who asks every variant.
    """
    answers: Answers = {}
    before = world.remembered()
    # Nobody's ids last: what they leave in the audit log is not there in a world in which they are not said.
    everything = sorted(asks_of(app), key=lambda ask: ask.whose == "nobodys")

    def wanted(ask: Ask, person: str) -> bool:
        if only not in ask.surface or (person == "operator" and is_a_visit_elsewhere(ask)):
            return False
        if ask.whose == "nobodys" and not twins:
            return False
        # What only an administrator may do is asked in every variant as one, and once as everybody else.
        plain = ask.writes or routes.is_plain(ask.path)
        every = person == "administrator" if plain else person in thorough
        return every or ((ask.whose == "ours" if ask.writes else ask.whose != "nobodys") and not ask.thorough)

    for person in people:
        world.restore()
        asking = Asking(app, person)
        # The log first, as long as nothing that is refused has been written into it.
        answered = [asking.ask(ask) for ask in everything if wanted(ask, person) and reads_the_log(ask)]
        answered += [
            asking.ask(ask) for ask in forms_of(asking, answered) if wanted(ask, person) and reads_the_log(ask)
        ]
        others = [ask for ask in everything if not reads_the_log(ask)]
        answered += [asking.ask(ask) for ask in others if wanted(ask, person) and not ask.writes]
        answered += [asking.ask(ask) for ask in links_of(answered) if wanted(ask, person)]
        for ask in [*(ask for ask in others if ask.writes), *forms_of(asking, answered)]:
            if wanted(ask, person) and not reads_the_log(ask):
                answered.append(asking.ask(ask))
                world.restore(() if answered[-1].status in (201, 302, 303) else worlds.WHO_MAY)
        assert_untouched(world, before, person)
        answers |= {(person, each.ask.surface, each.ask.variant): each for each in answered}
    world.restore()
    return answers | (run_programs(app, world, only, before) if programs else {})


def is_a_visit_elsewhere(ask: Ask) -> bool:
    """Whether an operator would begin a visit to somebody else by it: their right, and written down there."""
    return ask.path.startswith("/choose-tenant") and (ask.form or {}).get("tenant") in (worlds.B, worlds.Z)


def is_of_operators(key: tuple[str, str, str]) -> bool:
    """Whether it is the page on which operators see how the installation is, asked by one."""
    return key[:2] == ("operator", "GET /installation")


def reads_the_log(ask: Ask) -> bool:
    """Whether it looks at the audit log, in which what is refused meanwhile can be read."""
    return ask.method == "GET" and ask.path.startswith("/administration/audit")


def run_programs(app: Dash, world: World, only: str, before: dict[str, str]) -> Answers:
    """Everything that the API describes, as each program of A."""
    answers: Answers = {}
    for name in worlds.PROGRAMS:
        program = Program(app, name)
        for ask in asks.once(api.api_asks(app, program.described())):
            if only in ask.surface:
                answers[name, ask.surface, ask.variant] = program.ask(ask)
        assert_untouched(world, before, name)
        world.restore()
    return answers


def warm(app: Dash, only: str = "") -> None:
    """Let the others look at their own first, so that whatever is kept from request to request is theirs."""
    for person in worlds.THEIR_PEOPLE:
        asking = Asking(app, person)
        for ask in callbacks.callback_asks(app):
            if not ask.thorough and ask.whose == "ours" and only in ask.surface:
                asking.ask(ask)


def assert_untouched(world: World, before: dict[str, str], by: str) -> None:
    """AssertionError names the tables in which rows of others changed."""
    now = world.others()
    changed = [f"{name}: {before[name]} -> {now[name]}" for name in now if now[name] != before[name]]
    assert not changed, f"{by}: rows of others changed: {changed}"


# --- what the answers give away ---------------------------------------------------------------------------------------


def differences(one: Answers, other: Answers) -> Iterator[str]:
    """Answers that are not the same, byte for byte."""
    for key, seen in other.items():
        if is_of_operators(key):
            continue  # it is about all organisations; what of them may stand on it `leaks` asks
        if key not in one and not seen.ask.thorough and seen.ask.whose != "nobodys":
            yield f"{' · '.join(key)}: asked in one world alone"
        elif key in one and one[key].told != seen.told:
            yield f"{' · '.join(key)}: {_first(one[key], seen)}"


def _first(one: Seen, other: Seen) -> str:
    if one.status != other.status:
        return f"{one.status} or {other.status}"
    if one.headers != other.headers:
        return f"headers {sorted(set(one.headers) ^ set(other.headers))}"
    at = next((n for n, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), 0)
    return f"«{one.body[max(0, at - 60) : at + 60]}» or «{other.body[max(0, at - 60) : at + 60]}»"


def leaks(answers: Answers) -> Iterator[str]:
    """Answers with a canary in them that was not said."""
    for key, seen in answers.items():
        found = canaries.found(f"{seen.raw}\n{seen.headers}", seen.ask.said)
        if key[0] == "operator" and seen.ask.path.startswith("/choose-tenant"):
            # Whoever runs the platform chooses whom to visit by code and name, and learns no more than these.
            found = [each for each in found if not each.startswith(("CANARY-B-tenants-", "CANARY-Z-tenants-"))]
        if is_of_operators(key):  # codes of organisations, and of their sources that failed or are late
            found = [each for each in found if not re.match(r"CANARY-[BZ]-(tenants-|source\w*-source_code)", each)]
        if found:
            yield f"{' · '.join(key)}: {', '.join(found[:5])}"


def hidden(answers: Answers) -> Iterator[str]:
    """Answers that hold what this person may not open, inside the organisation."""
    for key, seen in answers.items():
        found = canaries.HIDDEN.findall(seen.raw)
        if found:
            yield f"{' · '.join(key)}: {', '.join(sorted(set(found))[:5])}"


def failures(answers: Answers) -> Iterator[str]:
    """Answers that are a fault of ours."""
    for key, seen in answers.items():
        if seen.status >= 500 or "with the number" in seen.raw or "Traceback" in seen.raw:
            yield f"{' · '.join(key)}: {seen.status} {seen.raw[:200]}"


def existence(answers: Answers) -> Iterator[str]:
    """Where somebody else's id and nobody's are answered differently (reliability.md T6)."""
    pairs: dict[tuple[str, str, str], dict[str, Seen]] = {}
    for (person, surface, _), seen in answers.items():
        if seen.ask.twin:
            pairs.setdefault((person, surface, seen.ask.twin), {})[seen.ask.whose] = seen
    for key, pair in pairs.items():
        if set(pair) == {"theirs", "nobodys"} and pair["theirs"].without_said() != pair["nobodys"].without_said():
            yield f"{' · '.join(key)}: {_first(pair['theirs'], pair['nobodys'])}"


def all_of(answers: Answers, empty: Answers | None = None) -> list[str]:
    """Everything that these answers give away."""
    told = [*leaks(answers), *failures(answers), *existence(answers), *trespasses(answers)]
    told += [line for key, seen in answers.items() if key[0] in LIMITED for line in hidden({key: seen})]
    return told + (list(differences(empty, answers)) if empty is not None else [])


# --- who may ask what -------------------------------------------------------------------------------------------------

# The roles of issue 3 as this proof knows them, written down here a second time on purpose.
MAY: dict[str, frozenset[str]] = {
    "operator": frozenset({"results", "cycle", "loads", "operate"}),
    "administrator": frozenset({"results", "cycle", "loads", "send", "administer", "audit"}),
    "lead": frozenset({"results", "cycle", "loads", "send", "export"}),
    "senior": frozenset({"results", "export"}),
    "assessor": frozenset({"results", "cycle", "export"}),
    "champion": frozenset({"results", "cycle", "loads", "send", "export"}),
    "guest": frozenset({"results", "cycle"}),  # whoever opened a link that gives no files
    "none": frozenset(),
    "program": frozenset({"results", "cycle", "loads", "export", "send"}),
    "program of HOU": frozenset({"results", "cycle", "loads", "export"}),
    "program that sends": frozenset({"send"}),
}


# What whoever opened a link may post: the way out, and the doors that are open to everybody.
OPEN_TO_GUESTS = ("POST /sign-out", "POST /sign-in", "POST /guest/open", "POST /reset/password")


def trespasses(answers: Answers) -> Iterator[str]:
    """Answers to somebody whose role may not open the page that they belong to, or take files away."""
    from dashboard import shell

    needs = {page.name: page.needs for page in shell.PAGES}
    for (person, surface, variant), seen in answers.items():
        may, refused = MAY[person], seen.status in (302, 400, 401, 403, 404, 405, 409, 415)
        if person in worlds.GUESTS and seen.ask.writes and surface not in OPEN_TO_GUESTS and not refused:
            yield f"{person} · {surface} · {variant}: may write nothing, and was answered {seen.status}"
        page = next((name for name in needs if re.match(rf"callback \W*{name}-", surface)), None)
        if page and needs[page] not in may and not refused:
            yield f"{person} · {surface} · {variant}: may not open {page}, and was answered {seen.status}"
        needed = {"send"} if "/administration/withdraw" in surface else {"administer", "audit"}
        if "/administration" in surface and not may & needed and not refused:
            yield f"{person} · {surface} · {variant}: may not administer, and was answered {seen.status}"
        if surface == "GET /installation" and "operate" not in may and not refused:
            yield f"{person} · {surface} · {variant}: runs no installation, and was answered {seen.status}"
        if surface.startswith("API GET") and "export" not in may and "{" in surface and not refused:
            yield f"{person} · {surface} · {variant}: may not read, and was answered {seen.status}"
        if surface.startswith("API POST") and "send" not in may and not refused:
            yield f"{person} · {surface} · {variant}: may not send, and was answered {seen.status}"
        is_blank = "/download/blank/" in surface  # holds nothing of anybody
        if "export" not in may and seen.status == 200 and "attachment" in str(seen.headers) and not is_blank:
            yield f"{person} · {surface} · {variant}: may not take files away, and was given one"
