"""Systems of the port."""
