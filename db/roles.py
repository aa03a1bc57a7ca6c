"""The six roles and what each may do; every page, callback, file and address of the API asks for one of these words."""

from typing import Final

RESULTS: Final = "results"  # overview, heatmap, headroom and what is behind their cells
CYCLE: Final = "cycle"  # coverage and sites
LOADS: Final = "loads"  # what was sent and what was set aside
EXPORT: Final = "export"  # take anything away as a file; given apart from the right to see it
SEND: Final = "send"  # files and forms, through the way in
PLAN: Final = "plan"  # scenarios, scopes of reviews, plans of visits: kept apart from facts
ADMINISTER: Final = "administer"  # people, departments, sites, certificates, profiles, sources, tokens
AUDIT: Final = "audit"  # who did what
OPERATE: Final = "operate"  # how the installation is, across organisations: sizes and moments, none of their data
PERMISSIONS = (RESULTS, CYCLE, LOADS, EXPORT, SEND, PLAN, ADMINISTER, AUDIT, OPERATE)

# The strongest first. `export` is not among them: it comes with the grant.
ROLES: dict[str, frozenset[str]] = {
    "operator": frozenset({RESULTS, CYCLE, LOADS, OPERATE}),  # while visiting: what outlives a visit is done by command
    "administrator": frozenset({RESULTS, CYCLE, LOADS, SEND, PLAN, ADMINISTER, AUDIT}),
    "corporate_lead": frozenset({RESULTS, CYCLE, LOADS, SEND, PLAN}),
    "senior_leader": frozenset({RESULTS}),
    "assessor": frozenset({RESULTS, CYCLE}),
    "champion": frozenset({RESULTS, CYCLE, LOADS, SEND, PLAN}),
}
# Who takes files away unless a grant says otherwise; an operator never does.
EXPORTS = ("corporate_lead", "senior_leader", "assessor", "champion")
# Who needs a second factor beside a password (reliability.md W5).
SECOND_FACTOR = ("operator", "administrator", "corporate_lead")
