"""What a browser asks our server when somebody opens the headroom page or the heatmap."""

import json
import re
from collections.abc import Mapping
from typing import Any

from benchmarks.asking import Answer, Line

PAGES = ("headroom", "heatmap")
ADDRESS = {"headroom": "/headroom", "heatmap": "/heatmap?criterion=all"}  # the heatmap with every element open


class Browser:
    """What a browser asks our server when somebody opens a page."""

    def __init__(self, port: int) -> None:
        self._line = Line(port)

    def opened(self, page: str, token: str) -> Mapping[str, str]:
        """Open a page with a session's token; what each callback of it then brings along."""
        cookie = f"assay={token}"
        text = self._line.ask(ADDRESS[page], Cookie=cookie).text()
        found = re.search(r'name="assay-page" content="([0-9a-f]+)"', text)
        assert found, f"{page} came without a page token: {text[:600]}"
        return {"Cookie": cookie, "X_Assay_Page": found[1]}

    def asked(self, page: str, opened: Mapping[str, str]) -> dict[str, Any]:
        """The body of the request that a page's own callback is called with."""
        for known in self._line.ask("/_dash-dependencies", **opened).json():
            parts = [part.rsplit(".", 1) for part in known["output"].strip(".").split("...")]
            if [f"{page}-table", "data-table"] in parts:
                return {
                    "output": known["output"],
                    "outputs": [{"id": owner, "property": name} for owner, name in parts],
                    "inputs": [{**each, "value": ADDRESS[page]} for each in known["inputs"]],
                    "state": [],
                    "changedPropIds": [f"{each['id']}.{each['property']}" for each in known["inputs"]],
                }
        raise AssertionError(f"no callback draws the table of {page}")

    def callback(self, asked: Mapping[str, Any], opened: Mapping[str, str]) -> Answer:
        """The whole answer of a callback."""
        return self._line.ask("/_dash-update-component", asked, **opened)

    def cells(self, page: str, token: str) -> dict[str, dict[str, Any]]:
        """The cells of a page's table by the id of their row and the key of their column, as sent to a browser."""
        opened = self.opened(page, token)
        answer = self.callback(self.asked(page, opened), opened).json()
        table = json.loads(answer["response"][f"{page}-table"]["data-table"])
        keys = [column["k"] for column in table["columns"]]
        return {row["id"]: dict(zip(keys, row["c"], strict=True)) for row in table["rows"]}

    def close(self) -> None:
        """Hang up."""
        self._line.close()
