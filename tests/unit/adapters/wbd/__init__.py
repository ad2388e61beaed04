"""Sources of the Wirtschaftsbetriebe."""
