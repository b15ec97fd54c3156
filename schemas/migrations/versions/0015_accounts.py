"""Accounts of the dashboard, sessions, and the book of who came in and took what away.

Only the dashboard's own role for accounts reads them; the roles that read figures do not.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ACCESS, AUDITOR = "svod_access", "svod_auditor"


def upgrade() -> None:
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {ACCESS} NOLOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    op.execute(f"GRANT {ACCESS} TO CURRENT_USER")
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="small letters, digits, - and _"),
        sa.Column(
            "role",
            sa.Text(),
            nullable=False,
            comment="a value of pipeline.access.accounts.AccountRole",
        ),
        sa.Column(
            "level",
            sa.Text(),
            nullable=False,
            comment="whose rows it sees: region, district, school",
        ),
        sa.Column(
            "unit", sa.Text(), nullable=False, comment="code of the district or school, or region"
        ),
        sa.Column(
            "password",
            sa.Text(),
            comment="Argon2id; null: signs in at the region's own provider only",
        ),
        sa.Column("must_change", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("subject", sa.Text(), comment="who it is at the OpenID provider"),
        sa.Column("factor", sa.LargeBinary(), comment="sealed secret of the second factor"),
        sa.Column("factor_confirmed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "factor_step", sa.BigInteger(), comment="the last time step whose code was taken"
        ),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
        sa.UniqueConstraint("subject", name=op.f("uq_accounts_subject")),
        schema="access",
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.Text(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "complete",
            sa.Boolean(),
            nullable=False,
            comment="the second factor was given, or none is",
        ),
        sa.ForeignKeyConstraint(
            ["account"],
            ["access.accounts.id"],
            name=op.f("fk_sessions_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
        schema="access",
    )
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"], schema="access")
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="a value of pipeline.access.events.Kind"
        ),
        sa.Column(
            "login", sa.Text(), comment="of an account that there is; what was typed is not kept"
        ),
        sa.Column("school", sa.Text(), comment="whose rows or file, where it was one school's"),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        schema="access",
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], schema="access")
    # The book is written on, never over.
    for role in (ACCESS, AUDITOR):
        op.execute(f"GRANT USAGE ON SCHEMA access TO {role}")
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON access.accounts, access.sessions TO {ACCESS}"
    )
    op.execute(f"GRANT SELECT, INSERT ON access.events TO {ACCESS}")
    op.execute(f"GRANT SELECT ON access.events TO {AUDITOR}")


def downgrade() -> None:
    op.drop_table("events", schema="access")
    op.drop_table("sessions", schema="access")
    op.drop_table("accounts", schema="access")
    for role in (ACCESS, AUDITOR):
        op.execute(f"REVOKE ALL ON SCHEMA access FROM {role}")
