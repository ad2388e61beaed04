"""Systems of the Wirtschaftsbetriebe Duisburg."""
