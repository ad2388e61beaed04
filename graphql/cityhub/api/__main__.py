"""`python -m cityhub.api > graphql/schema.graphql` writes the committed schema anew."""

from __future__ import annotations

import sys

from cityhub.api.schema import build_schema

if __name__ == "__main__":
    sys.stdout.write(f"{build_schema().as_str()}\n")
