"""One component per thing and state: pure functions from data to what a browser draws."""
