"""Water fed into the grid, as load curves in EDIFACT MSCONS: docs/adapters/dvv-water-feed.md."""
