"""Times requests by the template of their route."""

import time
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from vidmap_gateway.metrics import GatewayMetrics

UNMEASURED = "unmeasured"
"""Routes with this in their `opt` are not timed."""


class RequestTimer(ASGIMiddleware):
    """Observes how long each request took and what it was answered with."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = UNMEASURED

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on and watch the status go by."""
        began = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, watched)
        finally:
            self._observe(scope, status, time.perf_counter() - began)

    def _observe(self, scope: Any, status: int, seconds: float) -> None:
        path = scope.get("path_template") or "unknown"
        self._metrics.request_seconds.labels(scope["method"], path, str(status)).observe(seconds)
