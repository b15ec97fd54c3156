"""Cause cards: the few roots of what is wrong with a school, and what may wait."""
