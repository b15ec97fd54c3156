"""Who may open the dashboard: accounts, passwords, second factors, sessions, and the book of it.

All of it acts as ``svod_access``, the one role that reads these tables.
"""
