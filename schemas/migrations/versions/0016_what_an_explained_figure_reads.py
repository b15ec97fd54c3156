"""The dashboard explains figures: names of landed documents, and which batches the diary refused.

Of a landed document its name and upload, never its size, hash or content; of a receipt no more than
that a batch has one of that status.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

HUB, WEB, REGION = "svod_hub", "svod_web", "svod_web_region"
OF_OWN_SCHOOL = "school = ANY ((SELECT registry.schools_in_scope())::text[])"
# A receipt names no school; its batch does, and is held to the scope itself.
OF_OWN_BATCH = "EXISTS (SELECT FROM outbox.batches b WHERE b.batch = receipts.batch)"
SEEN = {
    "ops.landing": ("id, school, source, upload_ref, name", OF_OWN_SCHOOL),
    "outbox.receipts": ("batch, status", OF_OWN_BATCH),
}


def upgrade() -> None:
    op.execute("ALTER TABLE outbox.receipts ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {HUB} ON outbox.receipts TO {HUB} USING (true) WITH CHECK (true)")
    for table, (columns, rows) in SEEN.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {WEB}")
        op.execute(f"CREATE POLICY {WEB} ON {table} FOR SELECT TO {WEB} USING ({rows})")
        op.execute(f"CREATE POLICY {REGION} ON {table} FOR SELECT TO {REGION} USING (true)")


def downgrade() -> None:
    for table, (columns, _) in SEEN.items():
        for role in (WEB, REGION):
            op.execute(f"DROP POLICY {role} ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM {WEB}")
    op.execute(f"DROP POLICY {HUB} ON outbox.receipts")
    op.execute("ALTER TABLE outbox.receipts DISABLE ROW LEVEL SECURITY")
