"""Jobs know whose they are, where a server has several users.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.String(64)))
    op.create_index("jobs_of_owner", "jobs", ["owner"])
