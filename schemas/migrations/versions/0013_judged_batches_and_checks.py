"""What batches were judged to be; checks and paper counts of the schools; the mode of a delivery.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("batch_results", "checks", "paper_counts")


def upgrade() -> None:
    op.add_column(
        "runs",
        sa.Column(
            "mode", sa.Text(), comment="of a delivery: a value of pipeline.delivery.deliver.Mode"
        ),
        schema="ops",
    )
    op.create_index(
        op.f("ix_batches_school_run_id"), "batches", ["school", "run_id"], schema="outbox"
    )
    op.create_index(
        "ix_receipts_rejected",
        "receipts",
        ["batch"],
        schema="outbox",
        postgresql_where=sa.text("status = 'rejected'"),
    )
    _batch_results()
    _checks()
    _paper_counts()
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    for table in TABLES:
        op.execute(f"ALTER TABLE quality.{table} ENABLE ROW LEVEL SECURITY")
        for role, of, rows in (
            ("svod_hub", "ALL", "true) WITH CHECK (true"),
            ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
            ("svod_web_region", "SELECT", "true"),
        ):
            op.execute(f"CREATE POLICY {role} ON quality.{table} FOR {of} TO {role} USING ({rows})")
        op.execute(f"GRANT SELECT ON quality.{table} TO svod_web")


def _batch_results() -> None:
    op.create_table(
        "batch_results",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("table", sa.Text(), nullable=False),
        sa.Column("expectation", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column(
            "observed",
            sa.BigInteger(),
            nullable=False,
            comment="rows, days, or rows that are wrong",
        ),
        sa.Column("lower", sa.BigInteger(), comment="least that was expected; null: no bound"),
        sa.Column("upper", sa.BigInteger(), comment="most that was expected; null: no bound"),
        sa.Column(
            "bound_from", sa.Text(), comment="set, learnt or suite; null: the same for everybody"
        ),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "school", "table", "expectation", "run_id", name=op.f("pk_batch_results")
        ),
        schema="quality",
    )
    op.create_index(op.f("ix_batch_results_run_id"), "batch_results", ["run_id"], schema="quality")


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="journal_check or diary_check"),
        sa.Column("month", sa.Date(), nullable=False, comment="its first day"),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False, comment="post of who checked"),
        sa.Column("remarks_count", sa.Integer(), nullable=False, comment="what the check found"),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
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
        sa.CheckConstraint("done_on >= month", name=op.f("ck_checks_done_later")),
        sa.CheckConstraint("remarks_count >= 0", name=op.f("ck_checks_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        schema="quality",
    )
    op.create_index(
        op.f("ix_checks_school_kind_month"), "checks", ["school", "kind", "month"], schema="quality"
    )


def _paper_counts() -> None:
    op.create_table(
        "paper_counts",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="its first day"),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False, comment="the day it was counted"),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column(
            "entered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("lessons >= 0 AND marks >= 0", name=op.f("ck_paper_counts_counted")),
        sa.PrimaryKeyConstraint(
            "school",
            "source",
            "month",
            "class_key",
            "subject_key",
            "counted_on",
            name=op.f("pk_paper_counts"),
        ),
        schema="quality",
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema="quality")
    op.drop_index("ix_receipts_rejected", table_name="receipts", schema="outbox")
    op.drop_index(op.f("ix_batches_school_run_id"), table_name="batches", schema="outbox")
    op.drop_column("runs", "mode", schema="ops")
