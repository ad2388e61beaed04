"""Who is acting: tokens, log-in and browser sessions, and the realm that they come from."""
