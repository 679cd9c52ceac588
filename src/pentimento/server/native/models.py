"""`/models`, `/networks`, `/upscalers`, `/embeddings`, `/styles`, `/tokens`: what prompts and requests may name."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from ...models.info import ModelInfo
from ...models.tokenizer import tokenizer_of
from ...prompts import chunk, count_tokens, parse_emphasis, read_prompt
from ..service import Service, TheService
from . import answers
from .bodies import Body, answer

router = APIRouter(tags=["models"])


class Text(Body):
    """A text to be counted."""

    text: str = Field(max_length=100_000)
    model: str | None = None


@router.get("/models", responses=answer(list[answers.Model]))
def models(service: TheService) -> list[dict[str, Any]]:
    """List the models that were found, the built-in one first."""
    return [_told(info, service) for info in service.studio.models()]


@router.post("/models/refresh", responses=answer(list[answers.Model]))
def refresh(service: TheService) -> list[dict[str, Any]]:
    """Look through the folders of models again."""
    service.refresh()
    return models(service)


@router.get("/networks", responses=answer(list[answers.Network]))
def networks(service: TheService) -> list[dict[str, Any]]:
    """List the networks that prompts may call as `<lora:name:1>`."""
    return [
        {"name": one.name, "alias": one.alias, "kind": "lora", "family": one.family}
        for one in service.studio.networks()
    ]


@router.get("/upscalers", responses=answer(list[answers.Upscaler]))
def upscalers(service: TheService) -> list[dict[str, Any]]:
    """List the networks that enlarge pictures."""
    return [
        {"name": one.name, "architecture": one.architecture, "scale": one.scale}
        for one in service.studio.upscalers.upscalers
    ]


@router.get("/embeddings", responses=answer(list[answers.Embedding]))
def embeddings(service: TheService) -> list[dict[str, Any]]:
    """List the textual inversions whose names may stand in prompts."""
    return [{"name": one.name, "vectors": one.vectors} for one in service.studio.embeddings()]


@router.get("/styles", responses=answer(list[answers.Style]))
def styles(service: TheService) -> list[dict[str, Any]]:
    """List the saved styles."""
    return [
        {"name": one.name, "prompt": one.prompt, "negative_prompt": one.negative_prompt}
        for one in service.studio.styles.values()
    ]


@router.post("/tokens", responses=answer(answers.Tokens, 422))
def tokens(body: Text, service: TheService) -> dict[str, int]:
    """Count the tokens of a prompt, and the chunks of 75 that it fills; of several texts, the longest counts."""
    tokenizer = tokenizer_of(service.studio.find(body.model).path)
    lay = partial(chunk, start_id=tokenizer.start_id, end_id=tokenizer.end_id, comma_id=tokenizer.comma_id)
    prompt = read_prompt(body.text, steps=20)
    texts = [segment.text for part in prompt.parts for segment in part.segments]
    counted = [lay(parse_emphasis(text), tokenizer) for text in texts]
    return {"tokens": max(map(count_tokens, counted)), "chunks": max(map(len, counted))}


def _told(info: ModelInfo, service: Service) -> dict[str, Any]:
    return {
        "name": info.name,
        "family": info.family,
        "size_bytes": info.size_bytes,
        "hash": info.hash,
        "native_size": info.native_size,
        "inpaint": info.inpaint,
        "prediction": info.prediction,
        "source": info.kind,
        "loaded": info.name in service.at_hand,
        "licence": "Apache-2.0" if info.kind == "builtin" else None,
    }
