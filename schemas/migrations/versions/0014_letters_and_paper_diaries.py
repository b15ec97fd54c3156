"""Mailboxes of schools and districts, letters to them, and families who asked for paper.

Revision ID: 0014
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Mailboxes and letters are the hub's alone: the dashboard shows nobody's address.
    op.create_table(
        "contacts",
        sa.Column("level", sa.Text(), nullable=False, comment="school, district or region"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="a work mailbox, no person's own"),
        sa.PrimaryKeyConstraint("level", "unit", "address", name=op.f("pk_contacts")),
        schema="registry",
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="a value of pipeline.forms.hand_out.Kind"
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "month", sa.Date(), nullable=False, comment="the first day of the month it is about"
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="hash of what its files say"),
        sa.Column(
            "recipient", sa.Text(), nullable=False, comment="keyed hash of the mailbox; empty: none"
        ),
        sa.Column("on_date", sa.Date(), nullable=False, comment="the business date of its files"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "files",
            postgresql.JSONB(),
            nullable=False,
            comment="path, hash of what it says, size, attached",
        ),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="a value of pipeline.mail.letters.LetterState",
        ),
        sa.Column("rule", sa.Text(), comment="what stopped it: a key of schemas/rules.yml"),
        sa.Column(
            "detail",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="stage and server's code",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "lost",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="answers that never came",
        ),
        sa.Column("run_id", sa.Text(), nullable=False, comment="that wrote it"),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), comment="sent, or failed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint(
            "kind",
            "unit",
            "month",
            "content",
            "recipient",
            name=op.f("uq_letters_kind_unit_month_content_recipient"),
        ),
        schema="ops",
    )
    op.create_index(op.f("ix_letters_kind_state"), "letters", ["kind", "state"], schema="ops")
    op.create_table(
        "paper_diaries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("pupil", sa.Text(), nullable=False, comment="pseudonym"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column(
            "stopped_on", sa.Date(), comment="the first day without a printout; null: it goes on"
        ),
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
        sa.Column("stopped_by", sa.Text()),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("stopped_on >= asked_on", name=op.f("ck_paper_diaries_stopped_later")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_diaries")),
        schema="ops",
    )
    op.create_index(
        op.f("ix_paper_diaries_school_pupil"), "paper_diaries", ["school", "pupil"], schema="ops"
    )
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE ops.paper_diaries ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(f"CREATE POLICY {role} ON ops.paper_diaries FOR {of} TO {role} USING ({rows})")
    op.execute("GRANT SELECT ON ops.paper_diaries TO svod_web")


def downgrade() -> None:
    op.drop_table("paper_diaries", schema="ops")
    op.drop_table("letters", schema="ops")
    op.drop_table("contacts", schema="registry")
