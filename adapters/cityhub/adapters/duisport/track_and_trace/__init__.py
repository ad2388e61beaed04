"""What carriers plan and estimate for containers, DCSA Track & Trace: docs/adapters/duisport-track-and-trace.md."""
