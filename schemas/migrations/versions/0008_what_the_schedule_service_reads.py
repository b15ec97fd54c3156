"""What the schedule service needs to know whose lessons a family may see.

Its answers are made of what the diary confirmed (0006); these tables say which records are about the
child's class, whether the family consents, and which days have no lessons.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERVICE = "svod_service"
WHOSE = "school_year, school, source, key"
# Of a lesson and a slot no more than whose they are: what they say is the diary's.
ROWS = {"journal.history": "entity = 'enrolment'"}  # who left a class; all rows elsewhere
BY_SCHOOL = {
    "journal.history": "*",
    "journal.class_": f"{WHOSE}, grade_level, letter",
    "journal.consent": "*",
    "journal.enrolment": "*",
    "journal.holiday": "*",
    "journal.lesson": f"{WHOSE}, class_key",
    "journal.movement": "*",
    "journal.timetable_slot": f"{WHOSE}, class_key",
    "ops.consent_entries": "*",
}
COMMON = {
    "registry.days_off": "*",
    "registry.school_years": "*",
    "registry.schools": "code, name, school_year, closed_on",
}


def upgrade() -> None:
    op.execute(f"GRANT USAGE ON SCHEMA journal TO {SERVICE}")
    for table, columns in (BY_SCHOOL | COMMON).items():
        limited = "" if columns == "*" else f" ({columns})"
        op.execute(f"GRANT SELECT{limited} ON {table} TO {SERVICE}")
    for table in BY_SCHOOL:
        rows = ROWS.get(table, "true")
        op.execute(f"CREATE POLICY {SERVICE} ON {table} FOR SELECT TO {SERVICE} USING ({rows})")
    # Whether a text came to be blocked, and whether a record is to be withdrawn.
    op.execute(f"GRANT SELECT (reason, desired_hash) ON outbox.desired TO {SERVICE}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (reason, desired_hash) ON outbox.desired FROM {SERVICE}")
    for table in BY_SCHOOL:
        op.execute(f"DROP POLICY {SERVICE} ON {table}")
    for table in BY_SCHOOL | COMMON:
        op.execute(f"REVOKE SELECT ON {table} FROM {SERVICE}")
    op.execute(f"GRANT SELECT (code, name) ON registry.schools TO {SERVICE}")
    op.execute(f"REVOKE USAGE ON SCHEMA journal FROM {SERVICE}")
