"""A sample of an export that nobody has read yet, and what a profile makes of it."""
