"""Bodies of the native API that more than one route takes, and how they are described in OpenAPI."""

import json
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema
from starlette.requests import Request as HttpRequest

from ...request import Request
from ..errors import Refusal

REQUEST_HERE = "schema of Request"
"""Marks where the OpenAPI document gets a reference: pydantic resolves none of its own accord."""
RequestFields = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "$comment": REQUEST_HERE}),
    Field(description="fields of the request; pictures as `sha256:<hex>` of an upload, or data URIs"),
]
JSON_TYPES = ("application/json", "")
PROBLEM = {
    "description": "refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Body(BaseModel):
    """A body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class RequestBody(Body):
    """A request alone."""

    request: RequestFields = Field(default_factory=dict)


class ProblemBody(BaseModel):
    """An error (RFC 9457); `detail` is the sentence that library and command line show."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    value: Any = None
    choices: list[str] | None = None
    request_id: str


class _PicturesAsText(GenerateJsonSchema):
    """In JSON a picture is a text, whatever it may be in Python."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> dict[str, Any]:
        return {"type": "string"}

    def bytes_schema(self, schema: core_schema.BytesSchema) -> dict[str, Any]:
        return {"type": "string"}


def request_schema() -> dict[str, Any]:
    """Describe `Request` in JSON Schema."""
    schema = Request.model_json_schema(schema_generator=_PicturesAsText)
    schema["description"] = "What to make: no picture = txt2img, a picture = img2img, picture and mask = inpaint."
    return schema


async def whole_body(request: HttpRequest, most: int) -> bytes:
    """Read a raw body up to a size.

    Raises
    ------
    Refusal
        413 where it is larger.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refusal(413, f"the body is larger than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def read_json(text: bytes | str) -> dict[str, Any]:
    """Read an object; refuse all else.

    Raises
    ------
    Refusal
        400 where it is not JSON, 422 where it is no object.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is not JSON ({error}); send an object") from error
    if not isinstance(value, dict):
        raise Refusal(422, f"the body is a {type(value).__name__}; send an object")
    return cast(dict[str, Any], value)
