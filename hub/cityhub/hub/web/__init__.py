"""The one ASGI app: what a browser or a program on the other side of the port meets."""
