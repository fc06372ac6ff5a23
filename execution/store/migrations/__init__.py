"""The steps from an empty database to today's, applied by Alembic when the store opens."""
