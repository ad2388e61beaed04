"""Systems of the city administration."""
