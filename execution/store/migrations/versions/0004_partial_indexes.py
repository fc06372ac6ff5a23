"""Indexes leave out the rows that have nothing there: a new prompt has neither end nor, most often, workflow or owner.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, column in (
        ("jobs_in_history_order", "finished_order"),
        ("jobs_of_workflow", "workflow_id"),
        ("jobs_of_owner", "owner"),
    ):
        has_value = sa.text(f"{column} IS NOT NULL")
        op.drop_index(name, "jobs")
        op.create_index(name, "jobs", [column], sqlite_where=has_value, postgresql_where=has_value)
