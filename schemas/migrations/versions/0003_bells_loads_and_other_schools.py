"""Bell times, teaching load, the other school of a movement, volumes of a school.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _fact_table(
        "bell",
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("timetable", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("finish", sa.Text(), nullable=False),
    )
    _fact_table(
        "teaching_load",
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=True),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("hours_per_week", sa.Float(), nullable=False),
    )
    op.add_column("movement", sa.Column("other_school", sa.Text()), schema="journal")
    op.add_column(
        "schools",
        sa.Column(
            "volumes",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="floor and ceiling of an upload, by entity",
        ),
        schema="registry",
    )


def downgrade() -> None:
    op.drop_column("schools", "volumes", schema="registry")
    op.drop_column("movement", "other_school", schema="journal")
    op.drop_table("teaching_load", schema="journal")
    op.drop_table("bell", schema="journal")


def _fact_table(name: str, *content: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *content,
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("origin_document", sa.BigInteger(), nullable=True),
        sa.Column("origin_line", sa.BigInteger(), nullable=True),
        sa.Column("recorded_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vanished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("school_year", "school", "source", "key", name=op.f(f"pk_{name}")),
        schema="journal",
    )
