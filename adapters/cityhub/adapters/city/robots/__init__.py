"""Jobs of software robots: docs/adapters/city-robots.md."""
