"""Systems of DVV."""
