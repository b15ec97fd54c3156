"""What a refused record waits for; what of an upload was landed, to read it again; waivers.

Revision ID: 0011
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WAITS = {
    "source_column": "behind the field; of a cell, the column it stands in",
    "record_key": "what others refer to the record by; a pseudonym of a person",
    "missing_entity": "what a dangling record refers to",
    "missing_key": "its key; of an unknown code, the code",
    "missing_in": "the unread document that may hold it",
}


def upgrade() -> None:
    for name, comment in WAITS.items():
        column = sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment)
        op.add_column("quarantine", column, schema="ops")
    op.execute(f"GRANT SELECT ({', '.join(WAITS)}) ON ops.quarantine TO svod_web")
    for name in ("covers_from", "covers_to"):
        op.add_column("uploads", sa.Column(name, sa.Date()), schema="ops")
    op.add_column(
        "uploads",
        sa.Column(
            "documents",
            sa.ARRAY(sa.BigInteger()),
            comment="ids of the landed documents it was read from, in order",
        ),
        schema="ops",
    )
    op.create_table(
        "waivers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("class_key", sa.Text()),
        sa.Column("subject_key", sa.Text()),
        sa.Column("teacher", sa.Text(), comment="pseudonym"),
        sa.Column("key", sa.Text(), comment="of a remark, or of what is missing"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False, comment="the last day it holds"),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column(
            "entered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_reason", sa.Text()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
        schema="quality",
    )
    op.create_index(op.f("ix_waivers_school"), "waivers", ["school"], schema="quality")
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE quality.waivers ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(f"CREATE POLICY {role} ON quality.waivers FOR {of} TO {role} USING ({rows})")
    op.execute("GRANT SELECT ON quality.waivers TO svod_web")


def downgrade() -> None:
    op.drop_table("waivers", schema="quality")
    for name in ("documents", "covers_to", "covers_from"):
        op.drop_column("uploads", name, schema="ops")
    for name in WAITS:
        op.drop_column("quarantine", name, schema="ops")
