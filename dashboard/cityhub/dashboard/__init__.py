"""The hub's face: what city leadership sees."""
