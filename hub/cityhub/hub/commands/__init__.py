"""What each command of `cityhub` does."""
