"""Consents that a person enters; the day a school is closed.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # New tables of ops are granted to svod_hub by default (0002).
    op.create_table(
        "consent_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("pupil", sa.Text(), nullable=False, comment="pseudonym"),
        sa.Column("applied_on", sa.Date(), comment="of an application"),
        sa.Column("registered_on", sa.Date()),
        sa.Column("refused_on", sa.Date(), comment="of a refusal"),
        sa.Column(
            "paper", sa.Text(), server_default="", nullable=False, comment="its number and date"
        ),
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
        sa.CheckConstraint(
            "(applied_on IS NULL) <> (refused_on IS NULL)",
            name=op.f("ck_consent_entries_one_kind"),
        ),
        sa.CheckConstraint(
            "registered_on >= applied_on", name=op.f("ck_consent_entries_registered_later")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entries")),
        schema="ops",
    )
    op.create_index(
        op.f("ix_consent_entries_school_pupil"),
        "consent_entries",
        ["school", "pupil"],
        schema="ops",
    )
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE ops.consent_entries ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(f"CREATE POLICY {role} ON ops.consent_entries FOR {of} TO {role} USING ({rows})")
    op.execute("GRANT SELECT ON ops.consent_entries TO svod_web")
    op.add_column(
        "schools",
        sa.Column(
            "closed_on",
            sa.Date(),
            comment="first day on which there is no school; null: it is open",
        ),
        schema="registry",
    )


def downgrade() -> None:
    op.drop_column("schools", "closed_on", schema="registry")
    op.drop_table("consent_entries", schema="ops")
