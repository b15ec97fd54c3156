"""Letters: written before they are sent, each of them once."""
