"""Indexes for what each page of the dashboard asks: when it was measured last, what is held.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_measures_computed_at", "measures", ["computed_at"], schema="quality")
    op.create_index(
        "ix_desired_held",
        "desired",
        ["target", "school"],
        schema="outbox",
        postgresql_where=sa.text("state = 'held'"),
    )


def downgrade() -> None:
    op.drop_index("ix_desired_held", "desired", schema="outbox")
    op.drop_index("ix_measures_computed_at", "measures", schema="quality")
