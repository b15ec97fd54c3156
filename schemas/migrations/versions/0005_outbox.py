"""The outbox of several targets: years, persons, priorities, what was confirmed; portals' pace.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPEN_BATCHES = "state IN ('written', 'unknown')"


def upgrade() -> None:
    _add(
        "delivered_payload",
        postgresql.JSONB(),
        "what was confirmed, where it is not ``payload``",
    )
    _add(
        "school_year",
        sa.Integer(),
        "facts of a closed year stay as sent",
    )
    # What was delivered before belongs to the year that is open now.
    op.execute(
        "UPDATE outbox.desired SET school_year ="
        " (SELECT coalesce(max(school_year), 0) FROM registry.school_years)"
    )
    _add("person", sa.Text(), "opaque name of the pupil it is about: consent may end")
    _add("priority", sa.SmallInteger(), "pipeline.delivery.outbox.Priority")
    op.execute("UPDATE outbox.desired SET priority = 2")
    for name in ("school_year", "priority"):
        op.alter_column("desired", name, nullable=False, schema="outbox")
    op.alter_column(
        "desired",
        "payload",
        comment="what to send; null for a withdrawal; sealed if it names",
        schema="outbox",
    )
    op.alter_column(
        "batches",
        "state",
        comment="a value of pipeline.delivery.sending.BatchState",
        schema="outbox",
    )
    op.drop_index("ix_batches_open", "batches", schema="outbox")
    _index_batches(OPEN_BATCHES)
    op.create_table(
        "portals",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "tokens", sa.Float(), nullable=False, comment="requests that may be made at once"
        ),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column(
            "rests_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="nothing is sent before",
        ),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_portals")),
        schema="outbox",
    )


def downgrade() -> None:
    op.drop_table("portals", schema="outbox")
    op.drop_index("ix_batches_open", "batches", schema="outbox")
    _index_batches("state <> 'settled'")
    op.alter_column("batches", "state", comment="written, unknown or settled", schema="outbox")
    op.alter_column(
        "desired", "payload", comment="what to send; null for a withdrawal", schema="outbox"
    )
    for name in ("priority", "person", "school_year", "delivered_payload"):
        op.drop_column("desired", name, schema="outbox")


def _add(name: str, kind: sa.types.TypeEngine[Any], comment: str) -> None:
    op.add_column("desired", sa.Column(name, kind, comment=comment), schema="outbox")


def _index_batches(where: str) -> None:
    op.create_index(
        "ix_batches_open",
        "batches",
        ["target", "school"],
        schema="outbox",
        postgresql_where=sa.text(where),
    )
