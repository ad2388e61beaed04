"""The sources of the port."""
