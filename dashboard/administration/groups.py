"""Groups: which role the groups of an organisation's sign-on service bring with them."""

from typing import Any

from werkzeug.wrappers import Response

from dashboard import data
from dashboard.administration import START, Route
from dashboard.administration.frame import done, sent, sentence, shown
from dashboard.administration.places import EXPORT_CHOICES, ROLES, departments, role_name, where
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.providers import providers
from db import members
from db.members import Given
from db.roles import ADMINISTER
from db.sign_on import GroupRole, give_to_group, group_roles, take_from_group
from scheme.errors import UsageError

_LIST = f"{START}/groups"


@needs(ADMINISTER)
def groups() -> Response:
    """What each group gives, and a form for another."""
    return _page({"role": "", "export": "usual"})


@needs(ADMINISTER)
def give() -> Response:
    """Let a group give a role from now on, in place of what it gave."""
    told = sent("provider", "group", "role", "export", many=("departments",), longest=300)
    export = {"usual": None, "yes": True, "no": False}.get(told["export"])
    given = Given(told["role"], tuple(told["departments"]), may_export=export)
    wrong = {field: sentence(words) for field, words in members.unfit(current_scope(), given).items()}
    if told["provider"] not in dict(_own_providers()):
        wrong["provider"] = "Choose a sign-on service."
    if not told["group"]:
        wrong["group"] = "Write the group's name or number as your sign-on service writes it."
    try:
        if not wrong:
            give_to_group(
                current_scope(), told["provider"], told["group"], given.role, given.departments, given.may_export
            )
    except UsageError as error:
        wrong[""] = sentence(error)
    if wrong:
        return _page(told, wrong)
    role = role_name(given.role).lower()
    return done(f"People of the group {told['group']} are given the role {role} from their next sign-in on.", _LIST)


@needs(ADMINISTER)
def take() -> Response:
    """Let a group give nothing any more."""
    told = sent("provider", "group", longest=300)
    take_from_group(current_scope(), told["provider"], told["group"])
    return done(f"The group {told['group']} gives nothing any more, from each person's next sign-in on.", _LIST)


def _page(told: dict[str, Any], wrong: dict[str, str] | None = None) -> Response:
    held: dict[tuple[str, str], list[GroupRole]] = {}
    for one in group_roles(current_scope()):
        held.setdefault((one.provider, one.group), []).append(one)
    names, titles = data.names(data.view(current_scope())), dict(_own_providers())
    rows = [
        {
            "provider": provider,
            "title": titles.get(provider, provider),
            "group": group,
            "role": role_name(given[0].role),
            "where": where([one.department for one in given if one.department], (), names),
            "may_export": all(one.may_export for one in given),
        }
        for (provider, group), given in held.items()
    ]
    return shown(
        "groups",
        "Groups",
        wrong,
        rows=rows,
        told=told,
        providers=_own_providers(),
        roles=[(role, role_name(role), words) for role, words in ROLES.items()],
        departments=departments(told.get("departments", ())),
        exports=EXPORT_CHOICES,
    )


def _own_providers() -> list[tuple[str, str]]:
    """The sign-on services that may let people into this organisation: name and title."""
    code = current_scope().tenant_code.casefold()
    return [
        (one.name, one.title)
        for one in providers().values()
        if code in [known.strip().casefold() for known in one.tenants]
    ]


ROUTES = (Route("", groups), Route("", give, ("POST",)), Route("/take", take, ("POST",)))
