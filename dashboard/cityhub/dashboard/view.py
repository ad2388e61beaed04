"""One look at the hub: who looks, when, in which language, and what the read services said at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.kit.status import FeedStatus
from cityhub.adapters.tabular.uploads import Uploads
from cityhub.api.access import may_read
from cityhub.dashboard.area import Area
from cityhub.dashboard.leads import Leads
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.preferences import Preferences, Theme
from cityhub.dashboard.sandbox_desk import SandboxDesk
from cityhub.dashboard.services import LoginState, Services
from cityhub.dashboard.texts import Lang
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.health.kpi import NOTHING_SEEN, SourceHealths
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import StreamState
from cityhub.sdk.principal import Principal


class View(Struct, frozen=True, kw_only=True):
    """The inputs of every page."""

    lang: Lang
    theme: Theme
    now: datetime
    viewer: Principal | None
    login: LoginState
    reader: KpiReader
    area: Area = Area()
    leads: Leads = Leads()
    feeds: Sequence[FeedStatus] = ()
    streams: Sequence[StreamState] = ()
    healths: SourceHealths = NOTHING_SEEN
    targets: Mapping[str, Sequence[TargetRecord]] = {}
    proofs: ProofReader | None = None
    desk: PartnerDesk | None = None
    uploads: Uploads | None = None
    sandbox: SandboxDesk | None = None

    @classmethod
    def of(cls, services: Services, chosen: Preferences) -> View:
        """What is there now.

        Raises:
            KpiError, AdapterError: a store cannot be read.
        """
        found = cls.unread(services, chosen)
        reader = services.reader
        return replace(
            found,
            feeds=services.feeds(),
            streams=reader.streams(),
            healths=reader.source_healths(found.now),
            targets=reader.targets(),
        )

    @classmethod
    def unread(cls, services: Services, chosen: Preferences) -> View:
        """Before any store was read, for a page that shows without them what it can."""
        viewer = services.viewer()
        return cls(
            lang=chosen.lang,
            theme=chosen.theme,
            area=Area.of(chosen.area, viewer),
            leads=Leads.parse(chosen.leads) or Leads(),
            now=services.clock(),
            viewer=viewer,
            login=services.login_state(),
            reader=services.reader,
            proofs=services.proofs,
            desk=services.desk,
            uploads=services.uploads,
            sandbox=services.sandbox,
        )

    def visible(self, field_id: str | None = None) -> Sequence[KpiDefinition]:
        """The KPIs this viewer may see, in id order; of one field or of all."""
        catalogue = self.reader.catalogue
        definitions = catalogue.main() if field_id is None else catalogue.of_field(field_id)
        return [definition for definition in definitions if may_read(self.viewer, definition)]

    def find(self, kpi_id: str) -> KpiDefinition | None:
        """A KPI by id; None when there is none or it is not for this viewer, who cannot tell which."""
        found = (one for one in self.reader.catalogue if one.id == kpi_id)
        return next((one for one in found if may_read(self.viewer, one)), None)
