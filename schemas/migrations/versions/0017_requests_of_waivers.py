"""What schools ask not to have to mend for a time, and what was decided about it.

The dashboard reads the lookup of a refused record too (a keyed hash), as cards are counted by it.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COUNTED_BY = "record_lookup"


def upgrade() -> None:
    op.create_table(
        "waiver_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, comment="this to until: as of a waiver"),
        sa.Column("class_key", sa.Text()),
        sa.Column("subject_key", sa.Text()),
        sa.Column("teacher", sa.Text(), comment="pseudonym"),
        sa.Column("key", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("decision", sa.Text(), comment="granted or refused; null: it waits"),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column(
            "answer", sa.Text(), server_default="", nullable=False, comment="why it was refused"
        ),
        sa.Column("waiver", sa.BigInteger(), comment="what was granted"),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL)", name=op.f("ck_waiver_requests_decided")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_requests")),
        schema="quality",
    )
    op.create_index(
        op.f("ix_waiver_requests_school"), "waiver_requests", ["school"], schema="quality"
    )
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE quality.waiver_requests ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(
            f"CREATE POLICY {role} ON quality.waiver_requests FOR {of} TO {role} USING ({rows})"
        )
    op.execute("GRANT SELECT ON quality.waiver_requests TO svod_web")
    op.execute(f"GRANT SELECT ({COUNTED_BY}) ON ops.quarantine TO svod_web")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ({COUNTED_BY}) ON ops.quarantine FROM svod_web")
    op.drop_table("waiver_requests", schema="quality")
