"""Prompts to conditioning: chunks of tokens through CLIP's layers, weighted by emphasis."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from ..prompts.chunks import Chunk, chunk, empty_chunk
from ..prompts.emphasis import parse_emphasis
from ..prompts.notes import Rules
from .embeddings import finder
from .networks.files import EmbeddingFile
from .tokenizer import ClipTokenizer


@dataclass(frozen=True)
class TextOptions:
    """How prompts are encoded.

    Attributes
    ----------
    clip_skip : layer whose output is taken, counted from the last: 1, 2, ...
    clip_skip_on_sdxl : it acts on SDXL's first encoder too
    emphasis : "original", "no_norm", "ignore" or "none", see `EMPHASIS`
    norm : "original" restores the mean of each `text`, or of all texts of a `schedule` together
    negative : the texts are negative prompts
    backtrack : tokens to look back for a comma when a chunk is full
    rules : how BREAK is read inside weighted brackets, see `prompts.emphasis`
    embeddings : textual inversions whose names stand for their vectors
    """

    clip_skip: int = 1
    clip_skip_on_sdxl: bool = False
    emphasis: str = "original"
    norm: Literal["text", "schedule"] = "text"
    negative: bool = False
    backtrack: int = 20
    rules: Rules = "mended"
    embeddings: tuple[EmbeddingFile, ...] = ()


@dataclass(frozen=True)
class Conditioning:
    """What a prompt tells the network.

    Attributes
    ----------
    tokens : [1, 77 * chunks, width]
    pooled : [1, width] of the second encoder, for families that have one
    """

    tokens: Tensor
    pooled: Tensor | None = None

    def padded_to(self, length: int) -> "Conditioning":
        """Repeat the last token's vector until there are `length` tokens."""
        missing = length - self.tokens.shape[1]
        if missing <= 0:
            return self
        last = self.tokens[:, -1:].expand(-1, missing, -1)
        return Conditioning(torch.cat([self.tokens, last], dim=1), self.pooled)


def _rescaled(hidden: Tensor, weights: Tensor, over: tuple[int, ...]) -> Tensor:
    weighted = hidden * weights
    before, after = hidden.mean(over, keepdim=True), weighted.mean(over, keepdim=True)
    return weighted * torch.where(after == 0, 1.0, before / after)


EMPHASIS: Mapping[str, Callable[[Tensor, Tensor, tuple[int, ...]], Tensor]] = {
    "original": _rescaled,
    "no_norm": lambda hidden, weights, over: hidden * weights,
    "ignore": lambda hidden, weights, over: hidden,
    "none": lambda hidden, weights, over: hidden,
}
"""(hidden [texts, 77, width], weights [texts, 77, 1], axes of the mean) to the weighted hidden states."""


@dataclass(frozen=True)
class TextEncoder:
    """A CLIP text model and the way its output is taken.

    Attributes
    ----------
    module : transformers' CLIPTextModel or CLIPTextModelWithProjection
    zero_padded : token 0 follows the end mark (OpenCLIP), not more end marks
    final_norm : the last norm is applied to the layer that is taken
    """

    module: nn.Module
    zero_padded: bool
    final_norm: bool

    def encode(
        self,
        texts: Sequence[Sequence[Chunk]],
        skip: int,
        options: TextOptions,
        end_id: int,
        vectors: Mapping[str, Tensor],
    ) -> tuple[Tensor, Tensor | None]:
        """Encode texts of equally many chunks.

        Parameters
        ----------
        vectors : [n, width] of each embedding that the chunks name

        Returns
        -------
        tokens : [texts, 77 * chunks, width] float32
        pooled : [texts, projection] float32 of the first chunks, where the model has a projection
        """
        parts: list[Tensor] = []
        pooled: Tensor | None = None
        over = (0, 1, 2) if options.norm == "schedule" else (1, 2)
        for place in range(len(texts[0])):
            chunks = [text[place] for text in texts]
            hidden, projected = self._run(self._ids(chunks, end_id), chunks, vectors, skip, want_pooled=place == 0)
            weights = torch.tensor([part.weights for part in chunks], dtype=torch.float32, device=hidden.device)
            parts.append(EMPHASIS[options.emphasis](hidden.float(), weights.unsqueeze(-1), over))
            pooled = projected if place == 0 else pooled
        return torch.cat(parts, dim=1), None if pooled is None else pooled.float()

    def _ids(self, chunks: Sequence[Chunk], end_id: int) -> Tensor:
        ids = torch.tensor([part.ids for part in chunks], device=next(self.module.parameters()).device)
        if self.zero_padded:
            ends = (ids == end_id).cumsum(dim=1)
            ids[(ends > 1) | ((ends == 1) & (ids != end_id))] = 0
        return ids

    def _run(
        self, ids: Tensor, chunks: Sequence[Chunk], vectors: Mapping[str, Tensor], skip: int, want_pooled: bool
    ) -> tuple[Tensor, Tensor | None]:
        # CLIPTextModel holds its layers itself since transformers 5.6, in `text_model` before; with projection always.
        body = cast(Any, getattr(self.module, "text_model", self.module))
        project = getattr(self.module, "text_projection", None) if want_pooled else None
        layers = body.encoder.layers
        hidden = _words(body.embeddings, ids, chunks, vectors)
        length = ids.shape[1]
        causal = torch.full((length, length), float("-inf"), dtype=hidden.dtype, device=hidden.device).triu(1)
        taken = hidden
        for number, layer in enumerate(layers[: len(layers) if project is not None else len(layers) + 1 - skip]):
            hidden = _first(layer(hidden, attention_mask=causal[None, None]))
            if number == len(layers) - skip:
                taken = hidden
        tokens = cast(Tensor, body.final_layer_norm(taken)) if self.final_norm else taken
        if project is None:
            return tokens, None
        last = cast(Tensor, body.final_layer_norm(hidden))
        ends = ids.argmax(dim=1)  # the end mark has the highest id; argmax gives its first place
        return tokens, cast(Tensor, project(last[torch.arange(len(ids), device=ids.device), ends]))


def _words(layer: Any, ids: Tensor, chunks: Sequence[Chunk], vectors: Mapping[str, Tensor]) -> Tensor:
    """Look the tokens' vectors up, put embeddings into their slots, and add positions."""
    words = cast(Tensor, layer.token_embedding(ids))
    for row, part in enumerate(chunks):
        for slot in part.embeddings:
            words[row, slot.position : slot.position + slot.vectors] = vectors[slot.name][: slot.vectors].to(words)
    return cast(Tensor, layer(inputs_embeds=words))


def _first(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    return output if isinstance(output, Tensor) else output[0]


def chunk_texts(texts: Sequence[str], tokenizer: ClipTokenizer, options: TextOptions) -> list[list[Chunk]]:
    """Cut texts into chunks of tokens, equally many for each (padded with empty ones)."""
    find = finder(options.embeddings, tokenizer)

    def cut(text: str) -> list[Chunk]:
        return chunk(
            parse_emphasis(text, options.emphasis, rules=options.rules),
            tokenizer,
            comma_id=tokenizer.comma_id,
            start_id=tokenizer.start_id,
            end_id=tokenizer.end_id,
            backtrack=options.backtrack,
            find_embedding=find,
            rules=options.rules,
        )

    chunked = [cut(text) for text in texts]
    most = max(len(chunks) for chunks in chunked)
    empty = empty_chunk(start_id=tokenizer.start_id, end_id=tokenizer.end_id)
    return [chunks + [empty] * (most - len(chunks)) for chunks in chunked]
