"""Two roles: the hub's steps have no right to the vault, the privacy room has nothing else.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HUB_SCHEMAS = ("registry", "journal", "ops", "outbox", "quality")


def upgrade() -> None:
    for role in ("svod_hub", "svod_vault"):
        # Roles belong to the server, not the database: another hub may have made them.
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")
    for schema in HUB_SCHEMAS:
        _grant(schema, "svod_hub")
    _grant("vault", "svod_vault")


def downgrade() -> None:
    for schema in HUB_SCHEMAS:
        _revoke(schema, "svod_hub")
    _revoke("vault", "svod_vault")


def _grant(schema: str, role: str) -> None:
    op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    rights = "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {rights} ON TABLES TO {role}")


def _revoke(schema: str, role: str) -> None:
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {role}")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}")
    op.execute(f"REVOKE USAGE ON SCHEMA {schema} FROM {role}")
