"""Run by Alembic: applies the migrations over the connection that `execution.store` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
