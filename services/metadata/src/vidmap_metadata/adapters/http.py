"""The HTTP client of the Data API and oEmbed: it goes the same way out as yt-dlp."""

import ssl
from pathlib import Path

import httpx

HttpClient = httpx.AsyncClient


class _NoWayOut(httpx.AsyncBaseTransport):
    """For proxies that httpx does not speak to: better no answer than one that bypasses the proxy."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError("only yt-dlp can use this kind of proxy", request=request)


def create_http_client(proxy: str | None, ca_file: Path | None, timeout: float) -> HttpClient:
    """A client.

    Args:
        proxy: as `YTDLP_PROXY`; with a SOCKS proxy every request fails, since httpx alone does not speak SOCKS.
        ca_file: a certificate authority on top of the system's.
        timeout: seconds for each step of a request.
    """
    if proxy and not proxy.lower().startswith(("http://", "https://")):
        return HttpClient(transport=_NoWayOut())
    trusted = ssl.create_default_context()
    if ca_file:
        trusted.load_verify_locations(cafile=ca_file)
    return HttpClient(proxy=proxy, verify=trusted, timeout=timeout)
