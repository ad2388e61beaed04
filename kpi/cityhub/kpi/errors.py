"""Errors of the KPI portion, by what the caller can do about them.

KpiError
├── DefinitionError    a definition file is wrong: repair the named place
├── MasterplanError    a file of the masterplan is wrong: repair the named place
├── UnknownKpi         the id or version is not in the catalogue: ask for another
├── BatchError         what was handed to the batch engine is not enough: hand over what it names
├── NotAsJudged        an archived record is judged otherwise now: use the contracts and definitions of then
├── NotActivated       the version cannot be activated: the message says why
├── TargetRefused      a target cannot be recorded: the message says what is wrong with which part
├── ReceiptInvalid     the receipt was changed, or proves another number: ask for it again
├── Withheld           an exact number about people: ask for what is published
└── StoreUnavailable   the store cannot be read or written now: try again
    └── VersionMissing     a definition that the store counts by has no file: put it back
"""

from __future__ import annotations

from collections.abc import Sequence

from cityhub.sdk.text import Text


class KpiError(Exception):
    """Root of everything this portion raises."""


class DefinitionError(KpiError):
    """A KPI definition is not valid; the message names file, path, value and remedy."""


class MasterplanError(KpiError):
    """The masterplan, or a file that is to be imported, is not valid; the message names place, value and remedy."""


class UnknownKpi(KpiError):  # noqa: N818 - an answer, not a failure
    """No KPI of that id, or no such version of it."""


class BatchError(KpiError):
    """The batch engine cannot compute a definition from what it was given; the message says what is missing."""


class StoreUnavailable(KpiError):  # noqa: N818 - a state of the world
    """The store cannot be used now."""


class ReceiptInvalid(KpiError):  # noqa: N818 - a finding
    """A receipt is not what was issued, or proves another number; the message names what differs."""


class VersionMissing(StoreUnavailable):
    """The store counts by a version of a definition that this process does not have."""


class NotActivated(KpiError):  # noqa: N818 - an answer, not a failure
    """The version cannot be activated."""


class Withheld(KpiError):  # noqa: N818 - an answer
    """Exact numbers about people are not shown."""


class TargetRefused(KpiError):  # noqa: N818 - an answer, not a failure
    """A target cannot be recorded, or a record not be taken back.

    Attributes:
        flaws: by part of the record, what is wrong with it.
    """

    def __init__(self, flaws: Sequence[tuple[str, Text]]) -> None:
        super().__init__("; ".join(f"{part}: {text.en}" for part, text in flaws))
        self.flaws = tuple(flaws)


class NotAsJudged(KpiError):  # noqa: N818 - a finding
    """A record is judged in another way than it was: definitions, contracts or archive are not those of the store."""
