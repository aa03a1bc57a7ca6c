#!/bin/sh
# The two roles and the database, made once by PostgreSQL's image: one owns the tables, the other runs the program.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$ASSAY_OWNER_PASSWORD" -v program="$ASSAY_DATABASE_PASSWORD" --username postgres <<'SQL'
CREATE ROLE assay_owner LOGIN PASSWORD :'owner' NOSUPERUSER NOBYPASSRLS;
CREATE ROLE assay LOGIN PASSWORD :'program' NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE assay OWNER assay_owner ENCODING 'UTF8' TEMPLATE template0;
-- So that `assay reader add` can make roles. Before PostgreSQL 16, CREATEROLE is nearly a superuser's: there --sql is used.
SELECT current_setting('server_version_num')::int >= 160000 AS limits_createrole \gset
\if :limits_createrole
ALTER ROLE assay_owner CREATEROLE;
GRANT SET ON PARAMETER "app.tenant" TO assay_owner;
\endif
\connect assay
-- What PostgreSQL lets everybody do, readers too (docs/other-tools.md): locks that the program waits for, large objects.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(pg_(try_)?advisory_|lo_|lowrite|loread)' \gexec
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO assay, assay_owner;
SQL
