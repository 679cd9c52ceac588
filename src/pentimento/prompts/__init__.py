"""The language of prompts, as pure text: emphasis, schedules, AND, BREAK, networks, styles.

A prompt goes through styles, comments, networks, AND, schedule (`read_prompt`), and each
text of a schedule then through emphasis and chunks (`parse_emphasis`, `chunk`).
"""

from .chunks import (
    CHUNK_LENGTH,
    CHUNK_TOKENS,
    Chunk,
    Embedding,
    EmbeddingSlot,
    FindEmbedding,
    chunk,
    count_tokens,
    embedding_finder,
    empty_chunk,
)
from .combine import Part, split_and
from .comments import strip_comments
from .emphasis import BREAK, Break, Piece, Weighted, escape, parse_emphasis
from .networks import NetworkTag, extract_networks
from .notes import CODES, Note, Rules
from .reading import Prompt, ScheduledPart, read_prompt
from .schedule import Segment, Timeline, parse_schedule
from .styles import Style, apply_styles, find_styles, read_styles

__all__ = [
    "BREAK",
    "CHUNK_LENGTH",
    "CHUNK_TOKENS",
    "CODES",
    "Break",
    "Chunk",
    "Embedding",
    "EmbeddingSlot",
    "FindEmbedding",
    "NetworkTag",
    "Note",
    "Part",
    "Piece",
    "Prompt",
    "Rules",
    "ScheduledPart",
    "Segment",
    "Style",
    "Timeline",
    "Weighted",
    "apply_styles",
    "chunk",
    "count_tokens",
    "embedding_finder",
    "empty_chunk",
    "escape",
    "extract_networks",
    "find_styles",
    "parse_emphasis",
    "parse_schedule",
    "read_prompt",
    "read_styles",
    "split_and",
    "strip_comments",
]
