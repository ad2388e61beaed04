"""`python -m cityhub.hub` is the same as `cityhub`."""

from __future__ import annotations

from cityhub.hub.cli import main

if __name__ == "__main__":
    main()
