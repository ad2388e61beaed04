"""Car parks and how full they are: docs/adapters/city-parking-sites.md."""
