"""What may leave, to whom and on what ground: reviewed data, one file per recipient."""
