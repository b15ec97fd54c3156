"""Reviewed words for the scan of free text, read by ``privacy.wordlists``."""
