"""Numbers that prove themselves: evidence, receipts, recomputation and audits, all over archived events."""
