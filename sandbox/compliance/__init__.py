"""The truth of docs/compliance.md: what is wrong with each journal, rule by rule."""
