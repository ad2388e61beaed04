"""`python -m cityhub.sdk`."""

from __future__ import annotations

import sys

from cityhub.sdk.client.cli import main

if __name__ == "__main__":
    sys.exit(main())
