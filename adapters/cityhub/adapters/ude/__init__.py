"""Systems of the University of Duisburg-Essen."""
