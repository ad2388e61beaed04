"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

AP_STATUS_CHANGED = "de.duisburg.dvv.wifi.ap-status-changed.v1"
SESSION_CLOSED = "de.duisburg.dvv.wifi.session-closed.v1"

DVV_WIFI = Source(
    feed="dvv.wifi",
    system="//dvv/wlan-controller",
    format="journal of the WLAN controller as JSON",
    transport="http",
    event_types=(AP_STATUS_CHANGED, SESSION_CLOSED),
    interval_s=300,
    lateness_s=3600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
)
