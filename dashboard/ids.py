"""The ids of components: `<page>-<thing>`. Each page has its own section."""

# The shell
URL = "_pages_location"  # Dash's own; read VIEW and CELL instead
PAGE_CONTENT = "_pages_content"  # Dash's own
PAGE_STORE = "_pages_store"  # Dash's own
VIEW = "shell-view"  # the address without cell, open and find
CELL = "shell-cell"  # the value of cell, or ""
MESSAGE = "shell-message"
FRESHNESS = "shell-freshness"
WHO = "shell-who"
LIVE = "shell-live"
OPTIONS = "shell-options"
EXPLAINED = "shell-explained"
NEWCOMER = "shell-newcomer"
TOUR = "shell-tour"
NAVIGATION = "shell-nav"


def filter_bar(page: str) -> str:
    """The filter bar of a page."""
    return f"{page}-filters"


def drawer(page: str) -> str:
    """The drawer with details of a page."""
    return f"{page}-drawer"


def drawer_title(page: str) -> str:
    """The heading of a page's drawer."""
    return f"{page}-drawer-title"


def drawer_body(page: str) -> str:
    """What stands in a page's drawer."""
    return f"{page}-drawer-body"


# overview
OVERVIEW_HEADLINE = "overview-headline"
OVERVIEW_WEEK = "overview-week"
OVERVIEW_CHIPS = "overview-chips"
OVERVIEW_TABLE = "overview-table"
OVERVIEW_OTHERS = "overview-others"

# heatmap
HEATMAP_SCENARIO = "heatmap-scenario"
HEATMAP_HEADLINE = "heatmap-headline"
HEATMAP_EMPTY = "heatmap-empty"
HEATMAP_TABLE = "heatmap-table"
HEATMAP_LEGEND = "heatmap-legend"

# headroom
HEADROOM_SCENARIO = "headroom-scenario"
HEADROOM_HEADLINE = "headroom-headline"
HEADROOM_CHIPS = "headroom-chips"
HEADROOM_EMPTY = "headroom-empty"
HEADROOM_TABLE = "headroom-table"
HEADROOM_LEGEND = "headroom-legend"
HEADROOM_CRITERIA = "headroom-criteria"
HEADROOM_OTHERS = "headroom-others"

# trend
TREND_HEADLINE = "trend-headline"
TREND_EMPTY = "trend-empty"
TREND_SENTENCES = "trend-sentences"
TREND_BANDS = "trend-bands"
TREND_CHIPS = "trend-chips"
TREND_MOVES = "trend-moves"
TREND_FALLS = "trend-falls"
TREND_RECURRING = "trend-recurring"
TREND_SAID = "trend-said"
TREND_ELEMENTS = "trend-elements"
TREND_CRITERIA = "trend-criteria"
TREND_YEARS = "trend-years"
TREND_YEARS_CHART = "trend-years-chart"
TREND_RISK = "trend-risk"
TREND_RISK_TABLE = "trend-risk-table"
# scenarios
SCENARIOS_HEADLINE = "scenarios-headline"
SCENARIOS_EMPTY = "scenarios-empty"
SCENARIOS_TABLE = "scenarios-table"
SCENARIOS_COMPARED = "scenarios-compared"
SCENARIOS_DIFFERENCE = "scenarios-difference"

# coverage
COVERAGE_HEADLINE = "coverage-headline"
COVERAGE_CHOSEN = "coverage-chosen"
COVERAGE_CHIPS = "coverage-chips"
COVERAGE_MATRIX = "coverage-matrix"
COVERAGE_LEGEND = "coverage-legend"
COVERAGE_CRITERIA = "coverage-criteria"
COVERAGE_YEARS = "coverage-years"
COVERAGE_CERTIFICATES = "coverage-certificates"

# sites
SITES_HEADLINE = "sites-headline"
SITES_CHOSEN = "sites-chosen"
SITES_CHIPS = "sites-chips"
SITES_TABLE = "sites-table"
SITES_MAP = "sites-map"
SITES_PLAN = "sites-plan"
SITES_CERTIFICATES = "sites-certificates"
SITES_BENCHMARK = "sites-benchmark"

# safety
SAFETY_HEADLINE = "safety-headline"
SAFETY_BODY = "safety-body"
SAFETY_FIXES = "safety-fixes"
SAFETY_BELOW = "safety-below"
SAFETY_LIMITS = "safety-limits"

# element
ELEMENT_HEADLINE = "element-headline"
ELEMENT_BODY = "element-body"
ELEMENT_LIST = "element-list"
ELEMENT_BANDS = "element-bands"
ELEMENT_DEPARTMENTS = "element-departments"
ELEMENT_EXEMPLARS = "element-exemplars"
ELEMENT_YEARS = "element-years"
ELEMENT_EVIDENCE = "element-evidence"
ELEMENT_ACTIONS = "element-actions"
ELEMENT_DUE = "element-due"
# renewal
RENEWAL_HEADLINE = "renewal-headline"
RENEWAL_CERTIFICATES = "renewal-certificates"
RENEWAL_CHOSEN = "renewal-chosen"
RENEWAL_CHECKS = "renewal-checks"

# journey
JOURNEY_HEADLINE = "journey-headline"
JOURNEY_CHIPS = "journey-chips"
JOURNEY_COUNTDOWN = "journey-countdown"
JOURNEY_TABLE = "journey-table"
JOURNEY_CHOSEN = "journey-chosen"
# department
DEPARTMENT_HEADLINE = "department-headline"
DEPARTMENT_BODY = "department-body"

# actions
ACTIONS_HEADLINE = "actions-headline"
ACTIONS_EMPTY = "actions-empty"
ACTIONS_ENTER = "actions-enter"
ACTIONS_CHIPS = "actions-chips"
ACTIONS_TABLE = "actions-table"

# evidence
EVIDENCE_HEADLINE = "evidence-headline"
EVIDENCE_EMPTY = "evidence-empty"
EVIDENCE_ENTER = "evidence-enter"
EVIDENCE_CHIPS = "evidence-chips"
EVIDENCE_TABLE = "evidence-table"
# visit plan
VISITPLAN_HEADLINE = "visitplan-headline"
VISITPLAN_ABOUT = "visitplan-about"
VISITPLAN_UNDONE = "visitplan-undone"
VISITPLAN_TABLE = "visitplan-table"
VISITPLAN_MAP = "visitplan-map"
VISITPLAN_PLAN = "visitplan-plan"
VISITPLAN_REVIEWS = "visitplan-reviews"
VISITPLAN_PROOF = "visitplan-proof"
VISITPLAN_KEPT = "visitplan-kept"
# scope
SCOPE_HEADLINE = "scope-headline"
SCOPE_REVIEWS = "scope-reviews"
SCOPE_CHOSEN = "scope-chosen"
SCOPE_TABLE = "scope-table"
SCOPE_LEFT = "scope-left"
SCOPE_DRAFTS = "scope-drafts"
# standards
STANDARDS_HEADLINE = "standards-headline"
STANDARDS_EMPTY = "standards-empty"
STANDARDS_CHIPS = "standards-chips"
STANDARDS_TABLE = "standards-table"
STANDARDS_CHARTS = "standards-charts"
STANDARDS_CHARTER = "standards-charter"

# groups
GROUPS_HEADLINE = "groups-headline"
GROUPS_EMPTY = "groups-empty"
GROUPS_CHIPS = "groups-chips"
GROUPS_TABLE = "groups-table"

# arrivals
ARRIVALS_HEADLINE = "arrivals-headline"
ARRIVALS_EMPTY = "arrivals-empty"
ARRIVALS_CHIPS = "arrivals-chips"
ARRIVALS_TABLE = "arrivals-table"
ARRIVALS_ENTER = "arrivals-enter"

# data
DATA_HEADLINE = "data-headline"
DATA_CHOSEN = "data-chosen"
DATA_REJECTED = "data-rejected"
DATA_LOADS = "data-loads"
DATA_CONFIRM = "data-confirm"
DATA_CONFIRM_TABLE = "data-confirm-table"
DATA_TEMPLATES = "data-templates"

# understood
UNDERSTOOD_HEADLINE = "understood-headline"
UNDERSTOOD_BODY = "understood-body"
UNDERSTOOD_FILES = "understood-files"
UNDERSTOOD_REASONS = "understood-reasons"
UNDERSTOOD_DIFFERENCES = "understood-differences"
