"""Passports of schools: versions in force by date, from a file or a page."""
