"""Numbers about people: small groups are withheld in every output."""
