"""`cityhub-sdk`, or `python -m cityhub.sdk`: send, validate, spool and look, from a shell."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import httpx

from cityhub.sdk.client import commands
from cityhub.sdk.client.account import CLIENT, Account, partner_of
from cityhub.sdk.client.delivery import judge_of
from cityhub.sdk.client.doctor import PATIENCE, Doctor
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.client.lines import Line, read
from cityhub.sdk.client.session import Patience, Session, now
from cityhub.sdk.client.show import Printer
from cityhub.sdk.client.spool import Spool
from cityhub.sdk.client.typed import TypedEvents
from cityhub.sdk.client.wire import Blocking
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import NotConfigured, SdkError, UnknownContract

SPOOL = "CITYHUB_SPOOL"
WRONG, TROUBLE, INTERRUPTED = 2, 3, 130
_ABOUT = f"""\
Environment: CITYHUB_URL, CITYHUB_CLIENT, CITYHUB_SECRET as `cityhub partner onboard` printed them; {SPOOL}: the spool.
Exit codes: 0 well; 1 refused or ill; {WRONG} wrong file, option, setting; {TROUBLE} no answer, no disk."""


class Shell:
    """What a command runs in."""

    def __init__(
        self, options: argparse.Namespace, environment: Mapping[str, str], stdin: BinaryIO, stdout: TextIO
    ) -> None:
        self.options = options
        self.printer = Printer(stdout, as_json=options.json)
        self._environment = environment
        self._stdin = stdin

    def send(self) -> int:
        with self._lines() as lines, self._publisher() as publisher:
            if not self._spool_path():
                return commands.send(lines, publisher, self.printer)
            with Spool(Path(self._spool_path()), judge=publisher.judge) as spool:
                return commands.spool_and_send(lines, spool, publisher, self.printer)

    def validate(self) -> int:
        if self.options.at_hub:
            with self._lines() as lines, self._publisher(validate=False) as publisher:
                return commands.validate_at_hub(lines, publisher, self.printer)
        partner = partner_of(self._environment.get(CLIENT, ""))
        with self._lines() as lines:
            return commands.validate(lines, judge_of(load_contracts(), partner, now), self.printer)

    def preview(self) -> int:
        with self._lines() as lines, self._publisher() as publisher:
            return commands.preview(lines, publisher, self.printer)

    def spool_status(self) -> int:
        with self._spool() as spool:
            return commands.spool_status(spool, self.printer)

    def spool_drain(self) -> int:
        with self._spool() as spool, self._publisher() as publisher:
            return commands.drain(spool, publisher, self.printer)

    def spool_refused(self) -> int:
        with self._spool() as spool:
            return commands.spool_refused(spool, self.printer, forget=self.options.forget)

    def page(self) -> int:
        options = self.options
        path = [options.command, *([options.id] if options.command == "trace" else [])]
        with self._publisher() as publisher:
            return commands.page(publisher, path, self.printer)

    def doctor(self) -> int:
        account = self._account()
        with httpx.Client() as http:
            doctor = Doctor(Session(account, PATIENCE), Blocking(http), load_contracts(), now, self.options.type)
            return commands.examine(doctor, self.printer)

    def _account(self) -> Account:
        return Account.of_environment(self._environment)

    def _publisher(self, *, validate: bool = True) -> HttpPublisher:
        return HttpPublisher(self._account(), validate=validate, patience=Patience(deadline_s=self.options.deadline))

    def _spool_path(self) -> str:
        return str(self.options.spool or self._environment.get(SPOOL, ""))

    def _spool(self) -> Spool:
        path = self._spool_path()
        if not path:
            raise NotConfigured(f"which spool? Give --spool FILE, or set {SPOOL}")
        return Spool(Path(path))

    @contextmanager
    def _lines(self) -> Iterator[Iterator[Line]]:
        options = self.options
        typed = None
        if options.type:
            if not options.source:
                raise NotConfigured("--type makes events: give --source, the URI of your system, too")
            typed = TypedEvents(options.type, options.source, synthetic=options.synthetic)
        if options.file == "-":
            yield read(self._stdin, typed)
            return
        with Path(options.file).open("rb") as file:
            yield read(file, typed)


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    shell = Shell(options, environment, stdin or sys.stdin.buffer, stdout or sys.stdout)
    try:
        code: int = options.run(shell)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (NotConfigured, UnknownContract) as error:
        return _end(error, WRONG)
    except SdkError as error:
        return _end(error, TROUBLE)
    except BrokenPipeError:
        return TROUBLE  # nobody reads on
    except OSError as error:
        return _end(error, WRONG)
    return code


def _end(error: Exception, code: int) -> int:
    sys.stderr.write(f"cityhub-sdk: {error}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cityhub-sdk", epilog=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = _verb(verbs, "send", "send events; with a spool they are kept first", Shell.send)
    _takes_lines(one)
    _takes_spool(one)
    one = _verb(verbs, "validate", "judge events here, or at the hub without writing", Shell.validate)
    _takes_lines(one)
    one.add_argument("--at-hub", action="store_true", help="let the hub judge")
    about = "which numbers an event would change, after the version that counts now; nothing is written"
    _takes_lines(_verb(verbs, "preview", about, Shell.preview))
    one = verbs.add_parser("spool", help="events on their way")
    inner = one.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    _takes_spool(_verb(inner, "status", "what it holds", Shell.spool_status))
    _takes_spool(_verb(inner, "drain", "send what waits", Shell.spool_drain))
    one = _verb(inner, "refused", "what the hub refused, and why", Shell.spool_refused)
    _takes_spool(one)
    one.add_argument("--forget", action="store_true", help="drop what was told")
    _verb(verbs, "ledger", "what the hub has counted of yours", Shell.page)
    _verb(verbs, "dead-letters", "what the hub refused of yours", Shell.page)
    one = _verb(verbs, "trace", "where one of your events went", Shell.page)
    one.add_argument("id", help="id of the event")
    one = _verb(verbs, "doctor", "why sending does not work: the first thing that is wrong", Shell.doctor)
    one.add_argument("--type", action="append", default=[], help="event types to check; without it all of yours")
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str, run: Callable[[Shell], int]
) -> argparse.ArgumentParser:
    one = verbs.add_parser(name, help=about, description=about)
    one.set_defaults(run=run)
    one.add_argument("--json", action="store_true", help="JSON, a document per line")
    one.add_argument("--deadline", type=float, default=60.0, metavar="S", help="seconds for an answer (60)")
    return one


def _takes_lines(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", metavar="FILE", help="JSON lines, an event each; - is standard input")
    one.add_argument("--type", help="the lines hold natural_key, version, subject, time and data of this event type")
    one.add_argument("--source", help="with --type: URI of your system, such as //wbd.example/telematics")
    one.add_argument("--synthetic", action="store_true", help="with --type: they come from a simulation")


def _takes_spool(one: argparse.ArgumentParser) -> None:
    one.add_argument("--spool", metavar="FILE", help=f"the spool; without it {SPOOL}")
