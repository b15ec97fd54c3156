"""The cells that figures add up from: lessons, days of schools, pupils with enough marks.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CELLS = ("lesson_cells", "day_cells", "pair_cells")


def upgrade() -> None:
    op.create_table(
        "lesson_cells",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text()),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column(
            "lesson_key", sa.Text(), comment="null: nobody filled the place in the timetable"
        ),
        sa.Column(
            "teacher",
            sa.Text(),
            comment="pseudonym of who gave it: the substitute, else the teacher",
        ),
        sa.Column("grade_level", sa.SmallInteger()),
        sa.Column("held", sa.SmallInteger(), nullable=False, comment="this and the next: 0 or 1"),
        *_counts("topic homework_due homework attendance marks filled", sa.SmallInteger()),
        *_counts("parts_in_time parts_judged", sa.SmallInteger()),
        sa.Column(
            "parts_open", sa.SmallInteger(), nullable=False, comment="whose deadline is not over"
        ),
        sa.PrimaryKeyConstraint("school", "date", "id", name=op.f("pk_lesson_cells")),
        schema="quality",
    )
    op.create_table(
        "day_cells",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "as_of", sa.Date(), nullable=False, comment="first business date that knew it so"
        ),
        sa.Column("until", sa.Date(), comment="first later business date that knew it otherwise"),
        sa.Column(
            "cause",
            sa.Text(),
            comment="quality.uploads.Cause; null before the school was connected",
        ),
        *_counts("lessons held topic homework_due homework attendance marks filled", sa.Integer()),
        *_counts("parts_in_time parts_judged uploads_due uploaded", sa.Integer()),
        sa.PrimaryKeyConstraint("school", "day", "as_of", name=op.f("pk_day_cells")),
        schema="quality",
    )
    op.create_index(op.f("ix_day_cells_day"), "day_cells", ["day"], schema="quality")
    op.create_table(
        "pair_cells",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column(
            "teacher", sa.Text(), comment="pseudonym; null where several teachers share the class"
        ),
        sa.Column("grade_level", sa.SmallInteger()),
        sa.Column(
            "enough",
            sa.Integer(),
            nullable=False,
            comment="pupils with the marks that are asked for",
        ),
        sa.Column("pairs", sa.Integer(), nullable=False, comment="pupils that count"),
        sa.PrimaryKeyConstraint(
            "school", "source", "class_key", "subject_key", "as_of", name=op.f("pk_pair_cells")
        ),
        schema="quality",
    )
    op.create_table(
        "cell_states",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False, comment="newest business date measured"),
        sa.Column(
            "basis", sa.Text(), nullable=False, comment="hash of what decides about every day"
        ),
        sa.Column(
            "looked_at", sa.DateTime(timezone=True), comment="last look at the whole journal"
        ),
        sa.Column(
            "taken_at", sa.DateTime(timezone=True), comment="of the last upload that was read"
        ),
        sa.PrimaryKeyConstraint("school", "source", name=op.f("pk_cell_states")),
        schema="quality",
    )
    # As the tables of 0006: the hub sees all, the dashboard the cells of its scope.
    for table in (*CELLS, "cell_states"):
        op.execute(f"ALTER TABLE quality.{table} ENABLE ROW LEVEL SECURITY")
        _policy(table, "svod_hub", "ALL", "true) WITH CHECK (true")
    for table in CELLS:
        scope = "school = ANY ((SELECT registry.schools_in_scope())::text[])"
        _policy(table, "svod_web", "SELECT", scope)
        _policy(table, "svod_web_region", "SELECT", "true")
        op.execute(f"GRANT SELECT ON quality.{table} TO svod_web")


def downgrade() -> None:
    for table in ("cell_states", *reversed(CELLS)):
        op.drop_table(table, schema="quality")


def _counts(names: str, kind: sa.types.TypeEngine[int]) -> list[sa.Column[int]]:
    return [sa.Column(name, kind, nullable=False) for name in names.split()]


def _policy(table: str, role: str, of: str, rows: str) -> None:
    op.execute(f"CREATE POLICY {role} ON quality.{table} FOR {of} TO {role} USING ({rows})")
