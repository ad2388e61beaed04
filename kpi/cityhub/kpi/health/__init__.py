"""What is known of a KPI's health: pure, from what the hub saw of its sources (docs/health.md)."""
