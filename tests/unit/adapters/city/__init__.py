"""Sources of the city administration."""
