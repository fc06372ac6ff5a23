"""Jobs: the queue and the history are one table.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        # SQLite counts up only a plain INTEGER primary key.
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("number", sa.Float, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("finished_order", sa.Integer),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("extra_data", sa.Text, nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("outputs", sa.Text, nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
        sa.Column("messages", sa.Text, nullable=False),
        sa.Column("timings", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("jobs_in_queue_order", "jobs", ["status", "number", "sequence"])
    op.create_index("jobs_in_history_order", "jobs", ["finished_order"])


def downgrade() -> None:
    op.drop_table("jobs")
