"""How a partner's program sends events: typed, kept while the hub is away, answered one by one. docs/sdk.md."""
