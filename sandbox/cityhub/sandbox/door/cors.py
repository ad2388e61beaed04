"""Which web pages may read a tenant's answers: origins that the tenant has named, with bearer tokens and no cookies.

Source of the rules: WHATWG Fetch §3.2 (CORS protocol).
"""

from __future__ import annotations

from starlette.requests import Request

from cityhub.sandbox.rooms.tenants import Tenant

_SHOWN = "RateLimit, RateLimit-Policy, Retry-After"


def cors(request: Request, tenant: Tenant) -> dict[str, str]:
    """Headers for the answer; none for an origin that the tenant has not named."""
    origin = request.headers.get("origin")
    if origin is None or origin not in tenant.origins:
        return {"Vary": "Origin"}
    allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin", "Access-Control-Expose-Headers": _SHOWN}
    if request.method == "OPTIONS":
        allowed |= {
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Access-Control-Allow-Headers": "authorization, content-type, last-event-id",
            "Access-Control-Max-Age": "600",
        }
    return allowed
