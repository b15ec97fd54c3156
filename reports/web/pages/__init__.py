"""A module for each page: what is read, what is shown."""
