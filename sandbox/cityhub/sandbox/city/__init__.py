"""The simulated city: partners that do not exist, speaking the formats of those that do."""
