"""Sources of the port."""
