"""What a client reads when its request cannot be handled.

The values found are not repeated: a value that JSON cannot carry (a NaN, half a surrogate pair) would turn
a 422 into a 500.
"""

import json

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from promptpilot.injection import HEADER, MARKS


def _json(status: int, document: object, headers: dict[str, str] | None = None) -> Response:
    # json.dumps escapes whatever is not ASCII, so that any text can be sent.
    return Response(json.dumps(document), status, headers, "application/json")


async def json_errors(request: Request, exc: Exception) -> Response:
    """422: for each error its place, kind and message."""
    assert isinstance(exc, RequestValidationError)
    detail = [
        {"type": error["type"], "loc": list(error["loc"]), "msg": error["msg"]} for error in exc.errors()
    ]
    return _json(422, {"detail": detail})


async def internal_error(request: Request, exc: Exception) -> Response:
    """500 for any unhandled exception, naming the faults that hit the request."""
    marks: list[str] = request.scope.get(MARKS, [])
    return _json(500, {"detail": "internal server error"}, {HEADER: ", ".join(marks)} if marks else None)
