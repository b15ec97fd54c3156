"""The dashboard sees what became of reminders: of its schools, no text, no mailbox.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SEEN = "kind, unit, month, on_date, state, rule, attempts, written_at, settled_at"
REMINDERS = "kind = 'school_reminders'"
OWN = "unit = ANY ((SELECT registry.schools_in_scope())::text[])"


def upgrade() -> None:
    # Letters with files stay the hub's alone.
    op.execute("ALTER TABLE ops.letters ENABLE ROW LEVEL SECURITY")
    for role, of, rows in (
        ("svod_hub", "ALL", "true) WITH CHECK (true"),
        ("svod_web", "SELECT", f"{REMINDERS} AND {OWN}"),
        ("svod_web_region", "SELECT", REMINDERS),
    ):
        op.execute(f"CREATE POLICY {role} ON ops.letters FOR {of} TO {role} USING ({rows})")
    op.execute(f"GRANT SELECT ({SEEN}) ON ops.letters TO svod_web")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ({SEEN}) ON ops.letters FROM svod_web")
    for role in ("svod_hub", "svod_web", "svod_web_region"):
        op.execute(f"DROP POLICY {role} ON ops.letters")
    op.execute("ALTER TABLE ops.letters DISABLE ROW LEVEL SECURITY")
