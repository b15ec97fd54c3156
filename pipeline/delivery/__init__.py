"""To the portals: what each should hold, and bringing it there so that nothing is lost."""
