"""A process that spools and drains until it is killed; each number is told once it is safe, and not before."""

from __future__ import annotations

import sys
from pathlib import Path

from cityhub.sdk.client.account import Account
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.client.session import Patience
from cityhub.sdk.client.spool import Spool
from tests.unit.adapters.doors.world import event
from tests.unit.sdk.client.local_hub import CLIENT, SECRET


def main(path: str, url: str, first: int) -> None:
    account = Account(url=url, client=CLIENT, secret=SECRET)
    patience = Patience(deadline_s=30, first_s=0.01, most_s=0.02)
    with Spool(Path(path)) as spool, HttpPublisher(account, patience=patience, validate=False) as publisher:
        for number in range(first, sys.maxsize):
            spool.put(event(number))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            if number % 5 == 4:
                spool.drain(publisher)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
