"""What a school declares of itself for the forms.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The dashboard reads what is of no person.
SEEN = "school, version, valid_from, author, entered_at, declared"


def upgrade() -> None:
    op.create_table(
        "passports",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False, comment="who entered it"),
        sa.Column(
            "entered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "declared",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="values and lists that are of no person",
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="names, posts and phones"),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="keyed, of all that it says"),
        sa.ForeignKeyConstraint(
            ["school"],
            ["registry.schools.code"],
            name=op.f("fk_passports_school_schools"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("school", "version", name=op.f("pk_passports")),
        schema="registry",
    )
    # As the tables of 0006: the hub sees all, the dashboard what is of its scope.
    op.execute("ALTER TABLE registry.passports ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", "school = ANY ((SELECT registry.schools_in_scope())::text[])"),
        ("svod_web_region", "SELECT", "true"),
    ):
        op.execute(f"CREATE POLICY {role} ON registry.passports FOR {of} TO {role} USING ({rows})")
    op.execute(f"GRANT SELECT ({SEEN}) ON registry.passports TO svod_web")


def downgrade() -> None:
    op.drop_table("passports", schema="registry")
