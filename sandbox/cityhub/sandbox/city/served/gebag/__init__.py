"""Systems of GEBAG."""
