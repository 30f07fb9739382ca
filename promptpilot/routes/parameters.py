"""Query parameters that several routes share."""

from typing import Annotated

from fastapi import Query

from promptpilot.store.tables import MAX_ID

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=MAX_ID)]
