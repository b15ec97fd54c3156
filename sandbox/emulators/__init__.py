"""Outside systems as HTTP servers on the loopback address, with faults on demand."""
