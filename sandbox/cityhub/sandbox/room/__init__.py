"""What a tenant has: a clock, a story replayed by it, injects, a log, an engine, and KPIs of its own."""
