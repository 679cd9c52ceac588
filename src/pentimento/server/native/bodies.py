"""Bodies of the native API that more than one route takes, and how they are described in OpenAPI."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from ...request import Request

REQUEST_HERE = "schema of Request"
"""Marks where the OpenAPI document gets a reference: pydantic resolves none of its own accord."""
RequestFields = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "$comment": REQUEST_HERE}),
    Field(description="fields of the request; pictures as `sha256:<hex>` of an upload, or data URIs"),
]
PROBLEM = {
    "description": "refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def answer(model: Any, *problems: int, status: int = 200, description: str = "") -> dict[int | str, dict[str, Any]]:
    """Describe what a route answers: a model of `answers`, and the statuses with which it refuses."""
    told = {"model": model, "description": description or "the answer"}
    return {status: told, **dict.fromkeys(problems, PROBLEM)}


class Body(BaseModel):
    """A body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class RequestBody(Body):
    """A request alone."""

    request: RequestFields = Field(default_factory=dict)


class ScriptCall(Body):
    """A script that asks for the requests which are run, as `/scripts` lists them."""

    name: str = Field(max_length=100)
    options: dict[str, Any] = Field(
        default_factory=dict, description="what is set of its options; pictures as in a request"
    )


class PlanBody(RequestBody):
    """A request, or a script with one."""

    script: ScriptCall | None = None


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


def request_schema() -> dict[str, Any]:
    """Describe `Request` in JSON Schema."""
    schema = Request.model_json_schema()
    schema["description"] = "What to make: no picture = txt2img, a picture = img2img, picture and mask = inpaint."
    return schema
