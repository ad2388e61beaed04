"""Routes for partners: what they see of their own side of the hub."""
