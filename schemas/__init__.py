"""Floor 1: canonical records, their tables and migrations, wire formats. Imports no other room."""
