"""The schedule for the portal of public services: a process of its own, over HTTP.

Contract: docs/schedule-contract.md. Stands above ``pipeline``, which never imports it.
"""
