"""What the dashboard is given by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from cityhub.adapters.tabular.uploads import Uploads
from cityhub.api.context import Clock, Feeds, LiveSource
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.sandbox_desk import SandboxDesk
from cityhub.dashboard.target_desk import TargetDesk
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import KpiReader
from cityhub.sdk.principal import Principal

LoginState = Literal["starting", "ready"]


class Services(Struct, kw_only=True):
    """Everything the dashboard reads.

    Attributes:
        viewer: principal of the current request, None for an anonymous visitor; called in the request's context.
        login_state: whether people can log in now.
        live: published values as they come; only tells pages to read again.
        proofs: opens numbers; None where nothing is archived.
        desk: what partners see of their own side; None = nothing.
        uploads: where partners hand in tables; None = nowhere.
        targets: where controllers set targets; None = they cannot here.
        sandbox: the rooms of startups; None = there are none.
        stop: set it when the process ends, so that open `/live` streams end too.
    """

    reader: KpiReader
    feeds: Feeds
    viewer: Callable[[], Principal | None]
    login_state: Callable[[], LoginState]
    clock: Clock
    live: LiveSource
    proofs: ProofReader | None = None
    desk: PartnerDesk | None = None
    uploads: Uploads | None = None
    targets: TargetDesk | None = None
    sandbox: SandboxDesk | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
