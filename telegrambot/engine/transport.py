"""The way of a request to the Bot API: aiohttp underneath python-telegram-bot."""

from __future__ import annotations

import asyncio
import os
from http import HTTPStatus
from typing import Any, cast

import aiohttp
import orjson
from aiohttp.connector import Connection
from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData
from yarl import URL

from telegrambot.engine import request_body
from telegrambot.engine.transport_errors import (
    HttpStatusError,
    MaybeDeliveredError,
    MaybeDeliveredTimeoutError,
    NeverSentError,
    NeverSentTimeoutError,
)

# BaseRequest has an error class for these, and for answers that carry `parameters`.
_STATUSES_OF_BASE_REQUEST = frozenset({400, 401, 403, 404, 409})


class AiohttpRequest(BaseRequest):
    """A `telegram.request.BaseRequest` over aiohttp.

    It never sends anything twice by itself: aiohttp repeats only idempotent methods (Bot API methods are
    POSTs), and redirects are not followed. Proxies named by environment variables are not used.

    `connection_pool_size` is the number of simultaneous requests. Timeouts are in seconds, None is no limit:
    `connect_timeout` for name lookup, TCP, proxy tunnel and TLS together; `read_timeout` between two pieces
    of the answer; `write_timeout` for each 64 KiB of the request, `media_write_timeout` the same when it has
    files; `pool_timeout` for a free place in the pool. `proxy` is an http:// or https:// URL, which may hold
    credentials; any other kind raises ValueError.

    Errors of `do_request` are those of `transport_errors`, see `outcome_of`. None holds a URL, so none holds
    the token or the proxy's password; nor does its cause or context.
    """

    def __init__(
        self,
        *,
        connection_pool_size: int = 256,
        connect_timeout: float | None = 5.0,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 5.0,
        media_write_timeout: float | None = 20.0,
        pool_timeout: float | None = 1.0,
        proxy: str | None = None,
    ) -> None:
        if proxy is not None and not _is_http_url(proxy):
            raise ValueError("Only proxies with a valid http:// or https:// URL are supported, SOCKS is not.")
        self._pool_size = connection_pool_size
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._media_write_timeout = media_write_timeout
        self._pool_timeout = pool_timeout
        self._proxy = proxy
        self._places = asyncio.Semaphore(connection_pool_size)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """The default read timeout in seconds; python-telegram-bot adds a long poll's length to it."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool in the running event loop; does nothing when it is open."""
        if self._session is not None:
            return
        self._places = asyncio.Semaphore(self._pool_size)
        self._session = aiohttp.ClientSession(
            # The semaphore limits the pool: aiohttp counts the wait for its own limit as connecting.
            connector=_Connector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            proxy=self._proxy,
        )

    async def shutdown(self) -> None:
        """Close all connections; does nothing when that is done. `initialize` opens the pool again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; return the HTTP status and the body. Timeouts in seconds replace the defaults.

        Raises NeverSentError, MaybeDeliveredError or HttpStatusError. The last is raised here because
        BaseRequest would make the same nameless NetworkError of every such status, while it lets errors of
        its own family pass.
        """
        with_files = request_data is not None and request_data.contains_files
        usual_write_timeout = self._media_write_timeout if with_files else self._write_timeout
        body = (
            request_body.encode(request_data, _chosen(write_timeout, usual_write_timeout))
            if request_data
            else None
        )
        timeout = aiohttp.ClientTimeout(
            connect=_chosen(connect_timeout, self._connect_timeout),
            sock_read=_chosen(read_timeout, self._read_timeout),
        )
        places = self._places
        await _take_place(places, _chosen(pool_timeout, self._pool_timeout))
        try:
            status, payload = await self._exchange(method, url, body, timeout)
        finally:
            places.release()
        _raise_for_nameless_status(status, payload)
        return status, payload

    async def _exchange(
        self, method: str, url: str, body: aiohttp.Payload | None, timeout: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NeverSentError("The transport is not open.")
        failure: NetworkError
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except NeverSentError:
            raise
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            failure = NeverSentError("The address of the Bot API is not a valid http or https URL.")
        except aiohttp.SocketTimeoutError:
            failure = MaybeDeliveredTimeoutError("The answer did not come in time.")
        except TimeoutError:
            failure = MaybeDeliveredTimeoutError("The request could not be written in time.")
        except Exception as error:  # noqa: BLE001 - whatever it is, it came after the connection
            failure = MaybeDeliveredError(
                f"The connection failed after the request was sent: {_reason(error)}."
            )
        # Raised outside of the except blocks: aiohttp's errors hold the URL and would be its context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer; raises TelegramError as BaseRequest does, which also mends invalid UTF-8."""
        try:
            return cast("dict[str, Any]", orjson.loads(payload))
        except orjson.JSONDecodeError:
            return BaseRequest.parse_json_payload(payload)


class _Connector(aiohttp.TCPConnector):
    """Says NeverSentError when there is no connection: nothing of the request is written before."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        failure: NetworkError
        try:
            return await super().connect(req, traces, timeout)
        except TimeoutError:
            failure = NeverSentTimeoutError("No connection in time.")
        except aiohttp.ClientHttpProxyError as error:
            failure = NeverSentError(f"The proxy refused the connection with status {error.status}.")
        except (aiohttp.ClientError, OSError) as error:
            failure = NeverSentError(f"No connection: {_reason(error)}.")
        raise failure


def _is_http_url(text: str) -> bool:
    # A boolean, since yarl's errors may quote a piece of the password.
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _chosen(timeout: object, default: float | None) -> float | None:
    return default if timeout is BaseRequest.DEFAULT_NONE else cast("float | None", timeout)


async def _take_place(places: asyncio.Semaphore, pool_timeout: float | None) -> None:
    if not places.locked():
        await places.acquire()  # at once: a timer for each call would be felt
        return
    try:
        async with asyncio.timeout(pool_timeout):
            await places.acquire()
    except TimeoutError:
        raise NeverSentTimeoutError("All connections of the pool are in use.") from None


def _raise_for_nameless_status(status: int, payload: bytes) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status in _STATUSES_OF_BASE_REQUEST:
        return
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise NeverSentError("The proxy asks for other credentials.")
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    parameters = answer.get("parameters") or {}
    if "retry_after" in parameters or "migrate_to_chat_id" in parameters:
        return
    raise HttpStatusError(answer.get("description") or f"The server answered with status {status}.", status)


def _reason(error: Exception) -> str:
    """Name an error without its text, which may hold the URL; a connector error's names only the host."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return f"{type(error).__name__}, {os.strerror(error.errno)}"
    return type(error).__name__
