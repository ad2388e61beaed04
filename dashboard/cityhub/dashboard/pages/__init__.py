"""One module per page: reads its facts, then draws them."""
