from alembic import context
from sqlalchemy import Connection

from db.models import METADATA

# `assay upgrade` brings the connection; there is no other way to run a migration.
connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
