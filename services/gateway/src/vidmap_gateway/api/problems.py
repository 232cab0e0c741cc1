"""Errors become HTTP here and nowhere else: problem+json with a stable `code`, never a stack trace."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap

from vidmap_chassis.errors import VidmapError
from vidmap_contracts.youtube_url import UrlError
from vidmap_gateway.errors import BadRequestError, NotFoundError, UnavailableError
from vidmap_gateway.schemas import FieldErrorBody, ProblemBody

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The body of the request is too large.",
}

RESPONSES: Mapping[int, ResponseSpec] = {
    status: ResponseSpec(ProblemBody, generate_examples=False, media_type=MEDIA_TYPE, description=description)
    for status, description in (
        (400, "The request is wrong; `code` and `errors` say how"),
        (404, "There is no such thing"),
        (503, "The database is away; try again after `Retry-After` seconds"),
    )
}
"""The errors of every route, for its documentation."""

AnyRequest = Request[Any, Any, Any]
Problem = Response[dict[str, Any]]


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldErrorBody] | None = None,
    headers: dict[str, str] | None = None,
) -> Problem:
    """A problem as a response."""
    body = ProblemBody(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, errors=errors)
    content = body.model_dump(mode="json", exclude_none=True)
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def on_url_error(_: AnyRequest, error: UrlError) -> Problem:
    """The address is not of one YouTube video."""
    return problem(400, error.code, error.message, errors=[FieldErrorBody(field="youtube_url", message=error.message)])


def on_validation_error(_: AnyRequest, error: ValidationException) -> Problem:
    """Fields of the request are wrong: each is named."""
    errors = [_field_error(item) for item in error.extra] if isinstance(error.extra, list) else []
    told = "; ".join(f"{item.field}: {item.message}" for item in errors) or error.detail
    return problem(400, "validation_failed", told, errors=errors)


def on_http_error(_: AnyRequest, error: HTTPException) -> Problem:
    """What the framework refuses."""
    status = error.status_code
    if isinstance(error.__cause__, SerializationException):
        return problem(400, "malformed_body", "The body of the request is not well-formed JSON.")
    code = _CODES.get(status, "internal_error" if status >= 500 else "bad_request")
    return problem(status, code, _DETAILS.get(status, error.detail), headers=error.headers)


def on_unavailable(_: AnyRequest, error: UnavailableError) -> Problem:
    """A store is away."""
    log.warning("request refused", code=error.code, cause=repr(error.__cause__))
    return problem(503, error.code, error.message, headers={"Retry-After": str(error.retry_after_s)})


def on_known_error(status: int) -> Callable[[AnyRequest, VidmapError], Problem]:
    """Tells the error's own sentence, with one status."""

    def tell(_: AnyRequest, error: VidmapError) -> Problem:
        return problem(status, error.code, error.message)

    return tell


def on_unexpected(request: AnyRequest, error: Exception) -> Problem:
    """What nobody foresaw is logged whole and told without its insides."""
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return problem(500, "internal_error", "Something went wrong inside vidmap. The logs of the gateway say more.")


def _field_error(item: Any) -> FieldErrorBody:
    where = str(item.get("key") or item.get("source") or "body") if isinstance(item, dict) else "body"
    message = str(item.get("message", "is not valid")) if isinstance(item, dict) else str(item)
    return FieldErrorBody(field=where, message=message)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    UrlError: on_url_error,
    ValidationException: on_validation_error,
    HTTPException: on_http_error,
    UnavailableError: on_unavailable,
    NotFoundError: on_known_error(404),
    BadRequestError: on_known_error(400),
    Exception: on_unexpected,
}
