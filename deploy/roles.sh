#!/bin/sh
# The two roles and the database, made once by PostgreSQL's image: one owns the tables, the other runs the program.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$ASSAY_OWNER_PASSWORD" -v program="$ASSAY_DATABASE_PASSWORD" --username postgres <<'SQL'
CREATE ROLE assay_owner LOGIN PASSWORD :'owner' NOSUPERUSER NOBYPASSRLS;
CREATE ROLE assay LOGIN PASSWORD :'program' NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE assay OWNER assay_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
