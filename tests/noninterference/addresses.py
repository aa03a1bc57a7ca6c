"""The pages there are, and the addresses that a page may have."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

from tests.noninterference import known_values
from tests.noninterference.asks import Variant, known, of_each


def address_keys() -> tuple[str, ...]:
    """The keys that an address may have."""
    from dashboard import filters

    return filters._KEYS


# Keys that name something of a tenant on the server; `cell` comes on its own, `open` and `find` stay in the browser.
_NAMING = ("department", "certificate", "file", "load", "try")


def addresses(path: str, thorough: bool = True) -> Iterator[Variant]:
    """The addresses of a page. Not `thorough`: bare, several together, and those of others."""
    yield Variant("bare", path)
    together = {"as_of": known_values.ADDRESS["as_of"].ours[0], "basis": "self", "department": "HOU"}
    yield Variant("together", f"{path}?{urlencode(together)}")
    for key in address_keys():
        each = known(known_values.ADDRESS, "ADDRESS", key, "the address of a page")
        each = replace(each, ours=("", *each.ours) if thorough else ("",))
        for variant in of_each(key, each, lambda value, key=key: f"{path}?{urlencode({key: value})}", thorough=True):
            if variant.whose == "ours" or key in _NAMING:
                yield replace(variant, thorough=variant.whose == "ours")
            elif thorough:
                yield replace(variant, thorough=True)


def page_paths() -> dict[str, str]:
    """The path of each page by its name."""
    import dash

    return {page["module"].rpartition(".")[2]: page["path"] for page in dash.page_registry.values()}
