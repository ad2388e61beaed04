"""What all adapters are made of: asking, keeping, delivering. See docs/adapters/kit.md."""
