"""Sources of DVV, the municipal holding with the transport company DVG."""
