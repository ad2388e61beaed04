"""KPI definitions, the kernel that evaluates them, and the store of their numbers."""
