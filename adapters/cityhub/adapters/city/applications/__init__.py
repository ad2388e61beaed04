"""Applications to the city over FIT-Connect: docs/adapters/city-applications.md."""
