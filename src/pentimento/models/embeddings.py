"""Textual inversion: vectors of a file put where the prompt has the embedding's name."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from safetensors import safe_open

from ..prompts.chunks import Embedding, FindEmbedding, chunk, embedding_finder
from ..prompts.emphasis import parse_emphasis
from ..prompts.notes import Rules
from .networks.files import EmbeddingFile
from .tokenizer import ClipTokenizer

if TYPE_CHECKING:
    from torch import Tensor


def finder(embeddings: Iterable[EmbeddingFile], tokenizer: ClipTokenizer) -> FindEmbedding:
    """Make the function that finds embeddings among token ids by the ids of their names."""
    return embedding_finder(Embedding(one.name, tuple(tokenizer(one.name)), one.vectors) for one in embeddings)


def called(
    texts: Iterable[str], embeddings: Sequence[EmbeddingFile], tokenizer: ClipTokenizer, emphasis: str, rules: Rules
) -> tuple[EmbeddingFile, ...]:
    """List the embeddings that texts call by name, in the order of their first use."""
    find = finder(embeddings, tokenizer)
    marks = {"comma_id": tokenizer.comma_id, "start_id": tokenizer.start_id, "end_id": tokenizer.end_id}
    names = {
        slot.name: None
        for text in texts
        for part in chunk(
            parse_emphasis(text, emphasis, rules=rules), tokenizer, find_embedding=find, rules=rules, **marks
        )
        for slot in part.embeddings
    }
    by_name = {one.name: one for one in reversed(embeddings)}
    return tuple(by_name[name] for name in names)


def read_vectors(embeddings: Sequence[EmbeddingFile], encoder: int) -> "dict[str, Tensor]":
    """Read the vectors [n, width] that one text encoder of a model is given, by the embeddings' names."""
    vectors: dict[str, Tensor] = {}
    for embedding in embeddings:
        with cast(Any, safe_open(str(embedding.path), framework="pt", device="cpu")) as file:
            tensor = cast("Tensor", file.get_tensor(embedding.tensors[encoder]))
        vectors[embedding.name] = tensor.reshape(embedding.vectors, -1)
    return vectors
