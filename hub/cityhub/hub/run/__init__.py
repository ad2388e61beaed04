"""The hub's own processes: what each connects, and nothing else."""
