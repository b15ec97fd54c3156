"""Consents of families: how they stand, what a person entered, how many there are."""
