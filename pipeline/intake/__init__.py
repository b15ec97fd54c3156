"""From an upload to facts: landed, examined, judged; what was refused waits here."""
