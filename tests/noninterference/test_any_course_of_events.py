"""Whoever does whatever in any order: answers hold what that person may see at that moment (T1.5, T3, T10, T11)."""

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.noninterference import addresses, callbacks, forms, harness, masks, worlds

PEOPLE = {"lead": ("ASH",), "champion": ("ASH",), "their lead": ("BEE",), "both": ("ASH", "BEE")}
OF_A_PAGE = ("heatmap-headline", "overview-headline", "coverage-headline", "data-headline", "shell-freshness")
PLACES = ("", "HOU", "FIN", "BEE-17", "ZZZ-99")


class Events(RuleBasedStateMachine):
    """Four people, two organisations: asking, turning from one to the other, and grants that end and come back."""

    app = world = None

    @initialize()
    def begin(self):
        self.world.restore()
        worlds.forget()
        self.granted = {(person, tenant) for person, tenants in PEOPLE.items() for tenant in tenants}
        self.turned = {person: tenants[0] for person, tenants in PEOPLE.items()}
        self.browsers, self.pages, self.taken = {}, {}, {}
        for person in PEOPLE:
            self.browsers[person] = self.app.server.test_client()
            self.browsers[person].set_cookie("assay", worlds.token(person))
            self.reload(person)

    def reload(self, person):
        self.pages[person] = harness.page_token(self.browsers[person].get("/").text)

    def may_see(self, person):
        """The marks that may stand in an answer to this person at this moment."""
        tenant = self.turned[person]
        if (person, tenant) not in self.granted:
            return set()
        return {"CANARY"} if tenant == "BEE" else {"OURS"} if person == "champion" else {"OURS", "HIDDEN"}

    def sure(self, person, answer, may=None):
        text = masks.unpacked(answer.get_data())
        seen = {mark for mark in ("CANARY", "OURS", "HIDDEN") if f"{mark}-" in text}
        assert seen <= (self.may_see(person) if may is None else may), (person, self.turned[person], text[:300])
        assert answer.status_code < 500
        return seen

    def post(self, person, output, values, page):
        declared = self.app.callback_map[output]
        usual = {f"{item['id']}.{item['property']}": "" for item in (*declared["inputs"], *declared["state"])}
        body = callbacks.callback_body(output, declared, {**usual, **values})
        return self.browsers[person].post("/_dash-update-component", json=body, headers={"X-Assay-Page": page})

    def output(self, named):
        return next(output for output in callbacks.callbacks(self.app) if named in output)

    @rule(person=st.sampled_from(list(PEOPLE)), named=st.sampled_from(OF_A_PAGE), place=st.sampled_from(PLACES))
    def ask(self, person, named, place):
        path = addresses.page_paths().get(named.partition("-")[0], "/")
        address = f"{path}?department={place}" if place else path
        answer = self.post(person, self.output(named), {"shell-view.data": address}, self.pages[person])
        seen = self.sure(person, answer)
        if named == "heatmap-headline" and place in ("", "HOU") and self.may_see(person):
            assert seen, f"{person} sees nothing of their own: {answer.status_code} {answer.text[:300]}"

    @rule(person=st.sampled_from(list(PEOPLE)), place=st.sampled_from(PLACES))
    def open_a_cell(self, person, place):
        values = {"shell-view.data": "/heatmap", "shell-cell.data": f"{place}~1.1.1"}
        self.sure(person, self.post(person, self.output("heatmap-drawer-title"), values, self.pages[person]))

    @rule(
        person=st.sampled_from(list(PEOPLE)),
        load=st.sampled_from((1, 2, 77, 9999)),
        kind=st.sampled_from(("csv", "xlsx")),
    )
    def take_away(self, person, load, kind):
        self.sure(person, self.browsers[person].get(f"/download/rejected/{load}.{kind}"))

    @rule(tenant=st.sampled_from(("ASH", "BEE", "ZZZ", worlds.Z)))
    def turn(self, tenant):
        form = forms.forms_in(self.browsers["both"].get("/choose-tenant").text)[0]
        page = next((each.fields["page"] for each in form if "page" in each.fields), "")
        before = self.pages["both"]
        answer = self.browsers["both"].post("/choose-tenant", data={"tenant": tenant, "page": page})
        if answer.status_code == 302:
            assert ("both", tenant) in self.granted
            self.turned["both"] = tenant
            self.reload("both")
            # A page opened before still lies in another tab: it asks, and gets nothing of either (T11).
            stale = self.post("both", self.output("heatmap-headline"), {"shell-view.data": "/heatmap"}, before)
            self.sure("both", stale, set())
        else:
            assert ("both", tenant) not in self.granted

    @rule(person=st.sampled_from(list(PEOPLE)), tenant=st.sampled_from(("ASH", "BEE")))
    def revoke_or_give_back(self, person, tenant):
        if tenant not in PEOPLE[person]:
            return
        number = {"ASH": 1, "BEE": 2}[tenant]
        theirs = "user_id IN (SELECT id FROM users WHERE email = ?) AND tenant_id IN (?, ?)"
        ends, there = ("2020-01-07", number) if (person, tenant) in self.granted else (None, number)
        with self.world.looked_at() as ask:
            ask(f"UPDATE grants SET ends_on = ? WHERE {theirs}", (ends, worlds.email(person), there, there))
        self.granted ^= {(person, tenant)}

    @invariant()
    def nothing_of_others_was_written(self):
        if hasattr(self, "granted"):
            with self.world.looked_at() as ask:
                assert ask("SELECT count(*) FROM results") == self.rows


def test_whatever_happens_nobody_sees_what_they_may_not(app, world_of):
    world = world_of["events"]
    with world.entered():
        world.remembered()
        with world.looked_at() as ask:
            rows = ask("SELECT count(*) FROM results")
        made = type("EventsHere", (Events,), {"app": app, "world": world, "rows": rows})
        few = 8 if world.kind == "sqlite" else 4
        run_state_machine_as_test(
            made,
            settings=settings(
                max_examples=few, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
        world.restore()
