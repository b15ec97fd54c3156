"""Who sees which columns and rows: the dashboard by scope, the schedule service, the auditor.

What each role may do with each table stands in docs/roles.md, which is held against the database
by tests/pipeline/test_roles.py. Policies bind the roles they name; the owner of the tables obeys
none. Partitions of facts are reached through their table alone: no role but the hub's has a right
to them.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HUB, WEB, SERVICE, AUDITOR = "svod_hub", "svod_web", "svod_service", "svod_auditor"
# Who sees the whole region is a role of its own: seven hundred schools in a condition would make
# each row dear.
REGION = "svod_web_region"
ROLES = (WEB, REGION, SERVICE, AUDITOR)
SCHEMAS = ("journal", "ops", "outbox", "quality", "registry")

# In a subselect: asked once per query, not once per row; a plain array, so that an index serves.
BY_SCHOOL = "{column} = ANY ((SELECT registry.schools_in_scope())::text[])"

# Tables by school, and what the dashboard reads of them: all columns, some, or none.
JOURNAL = (
    *("access_account", "attendance", "bell", "class_", "consent", "curriculum_hours"),
    *("enrolment", '"group"', "guardian", "history", "holiday", "lesson", "mark", "movement"),
    *("pupil", "staff_member", "subject", "teaching_load", "term", "term_mark", "timetable_slot"),
)
BY_COLUMN_SCHOOL = {f"journal.{name}": "*" for name in JOURNAL} | {
    "ops.findings": "*",
    "ops.landing": "",
    "ops.ledger": "*",
    "ops.quarantine": "id, school, source, entity, upload_ref, document, line, field, rule,"
    " first_run, last_run, state",
    "ops.school_runs": "*",
    "ops.uploads": "*",
    "outbox.batches": "batch, target, school, run_id, state, attempts, written_at, settled_at",
    "outbox.desired": "target, school, entity, school_year, priority, state, reason, updated_at",
    "quality.form_figures": "*",
    "registry.sources": "school, kind, mapping",
}
BY_RULE = {
    "ops.action_log": BY_SCHOOL.format(column="school"),
    "quality.measures": f"level = 'school' AND {BY_SCHOOL.format(column='unit')}"
    " OR level = 'district' AND unit = (SELECT current_setting('svod.district', true))",
    "registry.districts": "code IN (SELECT district FROM registry.schools)",
    "registry.schools": BY_SCHOOL.format(column="code"),
}
# The same for everybody.
COMMON = {
    "ops.runs": "*",
    "registry.days_off": "*",
    "registry.school_years": "*",
    "registry.targets": "kind",
}

# The schedule service answers from what the diary has confirmed.
SERVED = (
    "target, key, entity, school, school_year, state, person, payload, delivered_hash,"
    " delivered_payload"
)


# The scope is set for one transaction (pipeline/scope.py); where none is set nothing is seen. The
# function reads the registry as its owner: a policy that asked under itself would never end.
SCHOOLS_IN_SCOPE = """
CREATE FUNCTION registry.schools_in_scope() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(array_agg(code), '{}') FROM registry.schools
  WHERE district = current_setting('svod.district', true)
    OR code = ANY (string_to_array(current_setting('svod.schools', true), ','))
$$"""


def upgrade() -> None:
    for role in ROLES:
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")
    op.execute(f"GRANT {WEB} TO {REGION}")
    for schema in SCHEMAS:
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {WEB}")
    op.execute(SCHOOLS_IN_SCOPE)
    op.execute("REVOKE ALL ON FUNCTION registry.schools_in_scope() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION registry.schools_in_scope() TO {WEB}")
    rules = dict.fromkeys(BY_COLUMN_SCHOOL, BY_SCHOOL.format(column="school")) | BY_RULE
    for table, rule in rules.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {HUB} ON {table} TO {HUB} USING (true) WITH CHECK (true)")
        if columns := BY_COLUMN_SCHOOL.get(table, "*"):
            _see(WEB, table, columns, rule)
            op.execute(f"CREATE POLICY {REGION} ON {table} FOR SELECT TO {REGION} USING (true)")
    for table, columns in COMMON.items():
        _grant(WEB, table, columns)
    _serve_schedules()
    op.execute(f"GRANT USAGE ON SCHEMA ops TO {AUDITOR}")
    _see(AUDITOR, "ops.action_log", "*", "true")
    op.execute(f"REVOKE UPDATE, DELETE ON ops.action_log FROM {HUB}")


def downgrade() -> None:
    op.execute(f"GRANT UPDATE, DELETE ON ops.action_log TO {HUB}")
    for table in (*BY_COLUMN_SCHOOL, *BY_RULE):
        for policy in (HUB, *ROLES, f"{SERVICE}_writes"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION registry.schools_in_scope()")
    op.execute(f"REVOKE {WEB} FROM {REGION}")
    for role in ROLES:
        for schema in SCHEMAS:
            op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
            op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}")
            op.execute(f"REVOKE ALL ON SCHEMA {schema} FROM {role}")


def _see(role: str, table: str, columns: str, rows: str) -> None:
    _grant(role, table, columns)
    op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({rows})")


def _grant(role: str, table: str, columns: str) -> None:
    limited = "" if columns == "*" else f" ({columns})"
    op.execute(f"GRANT SELECT{limited} ON {table} TO {role}")


def _serve_schedules() -> None:
    for schema in ("ops", "outbox", "registry"):
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {SERVICE}")
    _see(SERVICE, "outbox.desired", SERVED, "target = 'diary'")
    _see(SERVICE, "registry.schools", "code, name", "true")
    # It reads back no more than the number of what it has written.
    _see(SERVICE, "ops.action_log", "id", "true")
    op.execute(f"GRANT INSERT ON ops.action_log TO {SERVICE}")
    op.execute(f"GRANT USAGE ON SEQUENCE ops.action_log_id_seq TO {SERVICE}")
    op.execute(
        f"CREATE POLICY {SERVICE}_writes ON ops.action_log FOR INSERT TO {SERVICE}"
        " WITH CHECK (true)"
    )
