"""What the routes of chains answer, for the OpenAPI document."""

from pydantic import Field

from .answers import Answer, Box


class ChainStep(Answer):
    """One edit of a chain."""

    id: str = Field(description="stays the same when the step is moved, muted or renamed; another once it is run again")
    label: str
    prompt: str
    box: Box = Field(description="left, top, right, bottom of what it has changed, px; without pixels = nothing")
    sees: Box = Field(description="part of the picture on which its run depends")
    seed: int
    model: str
    muted: bool
    stale: bool = Field(description="whether what its run has seen is other now, so that it would give something else")
    layer: str = Field(description="address of what it has painted, on transparency")


class Chain(Answer):
    """A picture, and edits of it as layers."""

    id: str
    width: int
    height: int
    untouched_pixels: int = Field(description="how many have the bytes of the source")
    steps: list[ChainStep] = Field(description="from below to above")
    picture: str = Field(description="address of what the steps make of the source")
    file: str = Field(description="address of the project file")


class ChainFile(Answer):
    """A chain that is kept."""

    id: str
    changed: float
    bytes: int
