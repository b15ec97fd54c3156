"""Official forms and reports of an evening, and the files that schools and offices are given."""
