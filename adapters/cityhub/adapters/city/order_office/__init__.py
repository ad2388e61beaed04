"""What the order office does about audio alerts: docs/adapters/city-order-office.md."""
