"""A KPI to begin with: the city's parking occupancy, where an observation holds for a quarter of an hour."""

from __future__ import annotations

EXAMPLE = """\
id: parking-15
version: 1
field: mobilitaet
name: {de: Parkraumauslastung (15 min), en: Parking occupancy (15 min)}
sentence:
  de: Anteil der Zeit, in der beobachtete Stellplätze belegt waren.
  en: Share of time for which observed spaces were occupied.
question: {de: "Findet man einen Parkplatz?", en: "Can a parking space be found?"}
formula:
  de: Wie M07, doch eine Beobachtung gilt höchstens 15 Minuten.
  en: As M07, but an observation holds for 15 minutes at most.
owner: dvv
responsible: {unit: Startup}
audience: public
unit: "%"
direction: band
target: null
grain: 15min
windows: [quarter-hour, hour]
default_window: hour
scopes: [city, borough]
sources:
  observed: {type: de.duisburg.dvv.lamp.parking-observed.v1}
measure:
  state: {of: observed, entity: $slot, holds: {eq: [$occupied, true]}, hold_at_most: 15min, times: 100}
reference: [{text: "angelehnt an M07", verified: false}]
"""
