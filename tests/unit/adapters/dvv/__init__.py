"""Sources of DVV."""
