"""One person of several schools: lookups to match by, merges, decisions, open doubts.

Down, a UID that two schools of one person share stays with the school that filed it first.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "people",
        sa.Column(
            "snils_lookup", sa.Text(), comment="keyed hash of a SNILS whose control number holds"
        ),
        schema="vault",
    )
    op.add_column(
        "people",
        sa.Column(
            "name_lookup", sa.Text(), comment="keyed hash of a pupil's folded name and birth date"
        ),
        schema="vault",
    )
    op.add_column(
        "people",
        sa.Column(
            "index_key",
            sa.Text(),
            comment="what made the two lookups; another one makes them anew",
        ),
        schema="vault",
    )
    for column in ("snils_lookup", "name_lookup"):
        op.create_index(
            f"ix_people_{column}",
            "people",
            [column],
            schema="vault",
            postgresql_where=sa.text(f"{column} <> ''"),
        )
    op.drop_constraint(op.f("uq_uids_lookup"), "uids", schema="vault")
    op.create_index(op.f("ix_uids_lookup"), "uids", ["lookup"], schema="vault")
    op.create_table(
        "persons",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="the least of its pseudonyms"),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_persons")),
        schema="vault",
    )
    op.create_index(op.f("ix_persons_person"), "persons", ["person"], schema="vault")
    _merges()
    _decisions()
    _doubts()
    op.create_table(
        "to_match",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_to_match")),
        schema="vault",
    )


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="uid, snils, name or decision"),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        _now("made_at"),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_reason", sa.Text()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("one < other", name=op.f("ck_merges_ordered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        schema="vault",
    )
    live = sa.text("undone_at IS NULL")
    op.create_index(
        "ix_merges_live_one",
        "merges",
        ["one", "other"],
        unique=True,
        schema="vault",
        postgresql_where=live,
    )
    op.create_index(
        "ix_merges_live_other", "merges", ["other"], schema="vault", postgresql_where=live
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _now("decided_at"),
        sa.CheckConstraint("one < other", name=op.f("ck_decisions_ordered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        schema="vault",
    )
    op.create_index(op.f("ix_decisions_one_other"), "decisions", ["one", "other"], schema="vault")


def _doubts() -> None:
    op.create_table(
        "doubts",
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="uid, snils or name"),
        sa.Column("rule", sa.Text(), nullable=False, comment="a key of schemas/rules.yml"),
        sa.Column("claimant", sa.Text(), comment="whose claim to the UID was refused"),
        _now("found_at"),
        sa.CheckConstraint("one < other", name=op.f("ck_doubts_ordered")),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_doubts")),
        schema="vault",
    )
    op.create_index(op.f("ix_doubts_claimant"), "doubts", ["claimant"], schema="vault")


def _now(name: str) -> "sa.Column[object]":
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def downgrade() -> None:
    for table in ("to_match", "doubts", "decisions", "merges", "persons"):
        op.drop_table(table, schema="vault")
    op.drop_index(op.f("ix_uids_lookup"), table_name="uids", schema="vault")
    op.execute(
        "DELETE FROM vault.uids late USING vault.uids first WHERE first.lookup = late.lookup"
        " AND (first.updated_at, first.pseudonym) < (late.updated_at, late.pseudonym)"
    )
    op.create_unique_constraint(op.f("uq_uids_lookup"), "uids", ["lookup"], schema="vault")
    for column in ("name_lookup", "snils_lookup"):
        op.drop_index(f"ix_people_{column}", table_name="people", schema="vault")
    for column in ("index_key", "name_lookup", "snils_lookup"):
        op.drop_column("people", column, schema="vault")
