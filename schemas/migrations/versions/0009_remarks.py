"""What is wrong with the journals, thing by thing, with the days on which it was found and mended.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remarks",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "rule", sa.Text(), nullable=False, comment="a measure, or a rule of the regulation"
        ),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="the thing, within school, source and rule"
        ),
        sa.Column(
            "first_on", sa.Date(), nullable=False, comment="business date of the first check"
        ),
        sa.Column("last_on", sa.Date(), nullable=False, comment="of the last check that found it"),
        sa.Column(
            "fixed_on", sa.Date(), comment="of the first check that did not; null: still open"
        ),
        sa.Column("day", sa.Date(), comment="the day it is about"),
        sa.Column("class_key", sa.Text()),
        sa.Column("subject_key", sa.Text()),
        sa.Column("teacher", sa.Text(), comment="pseudonym"),
        sa.Column("pupil", sa.Text(), comment="pseudonym"),
        sa.Column("lesson_key", sa.Text()),
        sa.Column(
            "detail",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="counts and dates, no names",
        ),
        sa.Column("run_id", sa.Text(), nullable=False, comment="of the last check that found it"),
        sa.PrimaryKeyConstraint(
            "school", "source", "rule", "key", "first_on", name=op.f("pk_remarks")
        ),
        schema="quality",
    )
    op.create_index(
        op.f("ix_remarks_school_fixed_on"), "remarks", ["school", "fixed_on"], schema="quality"
    )
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE quality.remarks ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(f"CREATE POLICY {role} ON quality.remarks FOR {of} TO {role} USING ({rows})")
    op.execute("GRANT SELECT ON quality.remarks TO svod_web")


def downgrade() -> None:
    op.drop_table("remarks", schema="quality")
