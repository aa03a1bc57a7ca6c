"""What lets a role past the second lock of tenancy: questions to PostgreSQL's catalogue that must all answer nothing.

reliability.md T2, T6, T7, T9, T14, W6. Asked in the tests, and by every program before it serves (db.upgrade).
"""

# ruff: noqa: S608  # the questions are put together from this module's own words

from sqlalchemy import Connection, text

from db.models import APPEND_ONLY, IDENTITY, OWNERS_ALONE

# Below these, row-level security itself had holes (CVE-2024-10976, CVE-2025-8713); majors left out are out of service.
_PATCHED = {13: 22, 14: 19, 15: 14, 16: 10, 17: 6}

# How a view of db.report_views asks whose rows it may show; told apart, for the guard of db.session reads statements.
_BY_WHOM = ("tenant_id = [( ]+select (readers[.])?tenant_id", "role_name = [( ]*session_user")

_TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, to_regnamespace('assay_parts'))"""
# A question gives rows of one column each: what is wrong, in words.
_QUESTIONS = (
    # The role itself (T2).
    "SELECT 'the role ' || rolname || ' bypasses it; use one that is no superuser and has NOBYPASSRLS' "
    "FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)",
    "SELECT DISTINCT 'the role ' || current_user || ' owns tables, or is a member of a role that does; use another' "
    "FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = 'public'::regnamespace "
    "AND pg_has_role(current_user, c.relowner, 'MEMBER')",
    # Every table with a tenant's rows is closed, for its owner too, for reading and for writing (T2).
    f"SELECT 'table ' || relname || ' is open; run `assay upgrade`' FROM ({_TENANT_TABLES}) t "
    "WHERE NOT (relrowsecurity AND relforcerowsecurity) OR NOT EXISTS "
    "(SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL "
    "AND pg_get_expr(p.polqual, p.polrelid) LIKE '%app.tenant%' "
    "AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%app.tenant%') "
    "OR EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid "
    "AND (pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%app.tenant%' OR p.polqual IS NULL))",
    # No row without a tenant (T9).
    f"SELECT 'table ' || relname || ' takes rows without a tenant' FROM ({_TENANT_TABLES}) t "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id' "
    "WHERE NOT a.attnotnull AND NOT relname = ANY(:identity)",
    f"SELECT 'table ' || relname || ' does not refer to tenants' FROM ({_TENANT_TABLES}) t WHERE NOT EXISTS "
    "(SELECT 1 FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'f' "
    "AND k.confrelid = 'public.tenants'::regclass)",
    # Keys that would tell one tenant of another's rows (T6).
    f"SELECT 'index ' || i.indexrelid::regclass || ' is unique across tenants' FROM ({_TENANT_TABLES}) t "
    "JOIN pg_index i ON i.indrelid = t.oid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id' "
    "WHERE i.indisunique AND NOT a.attnum = ANY(i.indkey) AND NOT relname = ANY(:identity)",
    f"SELECT 'reference ' || k.conname || ' crosses tenants' FROM ({_TENANT_TABLES}) t "
    "JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f' "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id' "
    f"WHERE k.confrelid IN (SELECT oid FROM ({_TENANT_TABLES}) o) AND NOT a.attnum = ANY(k.conkey)",
    # Ways around: views that run as their owner, what was computed for everybody, functions that run as another (T7).
    "SELECT 'view ' || c.relname || ' runs as its owner; make it with security_invoker' FROM pg_class c "
    "WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace "
    "AND has_table_privilege(current_user, c.oid, 'SELECT') "
    "AND NOT coalesce(c.reloptions::text LIKE '%security_invoker=true%', false)",
    "SELECT 'materialised view ' || c.relname || ' has no row-level security' FROM pg_class c "
    "WHERE c.relkind = 'm' AND c.relnamespace = 'public'::regnamespace "
    "AND has_table_privilege(current_user, c.oid, 'SELECT')",
    "SELECT 'function ' || p.proname || ' runs as its owner' FROM pg_proc p "
    "WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace "
    "AND has_function_privilege(current_user, p.oid, 'EXECUTE')",
    "SELECT 'the role ' || current_user || ' may do more with ' || c.relname || ' than it needs' FROM pg_class c "
    "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace "
    "AND has_table_privilege(current_user, c.oid, 'TRUNCATE, REFERENCES, TRIGGER')",
    # The parts of tables (migration 0012) are reached through these alone: none of the parts' own doors is open.
    "SELECT 'the role ' || current_user || ' may enter the schema of the parts of tables' FROM pg_namespace n "
    "WHERE n.nspname = 'assay_parts' AND has_schema_privilege(current_user, n.oid, 'USAGE')",
    # What other tools read (db.report_views) hangs on whom they signed in as, and their roles may do nothing else.
    "SELECT 'view reports.' || c.relname || ' shows more than one organisation to its reader; run `assay upgrade`' "
    "FROM pg_class c WHERE c.relnamespace = to_regnamespace('reports') AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND NOT (c.relkind = 'v' AND coalesce(c.reloptions::text LIKE '%security_barrier=true%', false) "
    "AND pg_get_viewdef(c.oid) ~* ALL(:by_whom))",
    "SELECT 'function reports.' || p.proname || ' is open to other tools' FROM pg_proc p "
    "WHERE p.pronamespace = to_regnamespace('reports')",
    "SELECT DISTINCT 'the reader ' || r.rolname || ' may do more than read its reports' FROM pg_roles r "
    "WHERE starts_with(r.rolname, 'assay_reader_') AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole "
    "OR EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) "
    "OR coalesce(has_schema_privilege(r.oid, to_regnamespace('assay_parts'), 'USAGE'), false) "
    "OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
    "AND c.relkind IN ('r', 'p', 'v', 'm') AND has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')))",
    "SELECT 'the role ' || current_user || ' may change ' || c.relname FROM pg_class c "
    "WHERE c.relname = ANY(:owners_alone) AND c.relnamespace = 'public'::regnamespace "
    "AND has_table_privilege(current_user, c.oid, 'INSERT, UPDATE, DELETE')",
    # The audit log only grows (W6).
    "SELECT 'the role ' || current_user || ' may change ' || c.relname FROM pg_class c "
    "WHERE c.relname = ANY(:append_only) AND c.relnamespace = 'public'::regnamespace "
    "AND has_table_privilege(current_user, c.oid, 'UPDATE, DELETE')",
    "SELECT 'table ' || c.relname || ' has lost the trigger that keeps it as it is' FROM pg_class c "
    "WHERE c.relname = ANY(:append_only) AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS "
    "(SELECT 1 FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = c.relname || '_only_grows' "
    "AND g.tgenabled IN ('O', 'A'))",
)


def faults(connection: Connection) -> list[str]:
    """Everything that lets the role of a connection to PostgreSQL past the locks, a sentence each; empty is well."""
    told = {
        "identity": list(IDENTITY),
        "append_only": list(APPEND_ONLY),
        "owners_alone": list(OWNERS_ALONE),
        "by_whom": list(_BY_WHOM),
    }
    found = []
    for question in _QUESTIONS:
        named = {name: value for name, value in told.items() if f":{name}" in question}
        found += sorted(connection.execute(text(question), named).scalars())
    return found + _unpatched(connection)


def _unpatched(connection: Connection) -> list[str]:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    major, minor = divmod(number, 10_000)
    if major > max(_PATCHED) or minor >= _PATCHED.get(major, 10_000):
        return []
    return [f"PostgreSQL {major}.{minor} has known holes in row-level security; update it"]
