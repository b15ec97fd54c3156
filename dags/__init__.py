"""Floor 4: schedule, params, wiring. Nothing else."""
