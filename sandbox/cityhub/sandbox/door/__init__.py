"""`/v1/sandbox`: where startups and their programs come in."""
