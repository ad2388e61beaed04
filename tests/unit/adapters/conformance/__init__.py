"""What every adapter does, whatever its partner speaks."""
