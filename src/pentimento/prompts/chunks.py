"""Pieces of text to chunks of 77 token ids with weights, as the text encoders take them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .emphasis import Break, Piece
from .notes import Rules

CHUNK_TOKENS = 75
CHUNK_LENGTH = CHUNK_TOKENS + 2


@dataclass(frozen=True)
class Embedding:
    """A textual inversion: its name, the ids that its name is read as, and how many vectors it has."""

    name: str
    ids: tuple[int, ...]
    vectors: int


@dataclass(frozen=True)
class EmbeddingSlot:
    """Where an embedding's vectors go: from `position` (0..76) on in the chunk."""

    name: str
    position: int
    vectors: int


@dataclass(frozen=True)
class Chunk:
    """What the text encoder takes at once.

    Attributes
    ----------
    ids : 77 token ids: start, up to 75 of text, end, padding. Slots of embeddings hold 0.
    weights : 77 factors; 1 at start, end and padding.
    length : how many of the ids are text.
    closed : a BREAK or the text after it ended the chunk; nothing more goes in.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    length: int
    closed: bool = False
    embeddings: tuple[EmbeddingSlot, ...] = ()


FindEmbedding = Callable[[Sequence[int], int], Embedding | None]


def embedding_finder(embeddings: Iterable[Embedding]) -> FindEmbedding:
    """Make the function that finds the longest embedding at a position of a list of ids."""
    by_first: dict[int, list[Embedding]] = {}
    for embedding in sorted(embeddings, key=lambda row: -len(row.ids)):
        if embedding.ids:
            by_first.setdefault(embedding.ids[0], []).append(embedding)

    def find(ids: Sequence[int], position: int) -> Embedding | None:
        for embedding in by_first.get(ids[position], ()):
            if tuple(ids[position : position + len(embedding.ids)]) == embedding.ids:
                return embedding
        return None

    return find


@dataclass(slots=True)
class _Open:
    """The chunk that is being filled."""

    tokens: list[int] = field(default_factory=lambda: [])
    weights: list[float] = field(default_factory=lambda: [])
    slots: list[EmbeddingSlot] = field(default_factory=lambda: [])
    comma: int | None = None

    @property
    def room(self) -> int:
        return CHUNK_TOKENS - len(self.tokens)

    def split(self, at: int, rules: Rules) -> "_Open":
        """Cut off what stands from `at` on and give it as the beginning of the next chunk."""
        rest = _Open(self.tokens[at:], self.weights[at:])
        del self.tokens[at:], self.weights[at:]
        if rules == "a1111":  # vectors stay behind, in the padding (A1111 v1.10.1)
            return rest
        rest.slots = [EmbeddingSlot(s.name, s.position - at, s.vectors) for s in self.slots if s.position > at]
        self.slots = [slot for slot in self.slots if slot.position <= at]
        return rest

    def put(self, token: int, weight: float) -> None:
        self.tokens.append(token)
        self.weights.append(weight)

    def put_embedding(self, embedding: Embedding, vectors: int, weight: float) -> None:
        self.slots.append(EmbeddingSlot(embedding.name, len(self.tokens) + 1, vectors))
        self.tokens.extend([0] * vectors)
        self.weights.extend([weight] * vectors)


class _Filler:
    """Lays tokens into chunks, one piece after the other."""

    def __init__(self, comma_id: int, backtrack: int, find_embedding: FindEmbedding | None, rules: Rules) -> None:
        self.rules: Rules = rules
        self.comma_id = comma_id
        self.backtrack = backtrack
        self.find_embedding = find_embedding
        self.done: list[_Open] = []
        self.now = _Open()

    def next(self, rest: _Open | None = None) -> None:
        self.done.append(self.now)
        self.now = rest or _Open()

    def add(self, ids: Sequence[int], weight: float) -> None:
        position = 0
        while position < len(ids):
            self._make_room(ids[position])
            found = self.find_embedding(ids, position) if self.find_embedding else None
            if found is None:
                self.now.put(ids[position], weight)
                position += 1
                continue
            vectors = min(found.vectors, CHUNK_TOKENS)
            if vectors > self.now.room:
                self.next()
            self.now.put_embedding(found, vectors, weight)
            position += max(1, len(found.ids))

    def _make_room(self, token: int) -> None:
        """Start the next chunk where this one is full: after a comma near its end, if there is one."""
        comma = self.now.comma
        if token == self.comma_id:
            self.now.comma = len(self.now.tokens)
        elif not self.now.room and comma is not None and CHUNK_TOKENS - comma <= self.backtrack:
            self.next(self.now.split(comma + 1, self.rules))
        if not self.now.room:
            self.next()


def chunk(
    pieces: Sequence[Piece],
    tokenize: Callable[[str], list[int]],
    *,
    comma_id: int,
    start_id: int,
    end_id: int,
    pad_id: int | None = None,
    backtrack: int = 20,
    find_embedding: FindEmbedding | None = None,
    rules: Rules = "mended",
) -> list[Chunk]:
    """Tokenize weighted pieces and lay them into chunks.

    Parameters
    ----------
    tokenize : text to ids, without start and end, not cut.
    pad_id : what follows the end; left out = `end_id`. OpenCLIP: 0.
    backtrack : where a chunk is full and a comma is at most so many tokens back, what
        stands after the comma goes to the next chunk. 0 = never.
    rules : `a1111` leaves an embedding's vectors behind where its place moves so.

    Returns
    -------
    At least one chunk.

    Notes
    -----
    An embedding is never cut: it starts a new chunk where it does not fit, unless it
    has more than 75 vectors; then only the first 75 are used.
    """
    filler = _Filler(comma_id, backtrack, find_embedding, rules)
    for piece in pieces:
        if isinstance(piece, Break):
            filler.next()
        else:
            filler.add(tokenize(piece.text), piece.weight)
    pad = end_id if pad_id is None else pad_id
    chunks = [_chunk(done, start_id, end_id, pad, closed=True) for done in filler.done]
    if filler.now.tokens or not chunks:
        chunks.append(_chunk(filler.now, start_id, end_id, pad))
    return chunks


def empty_chunk(*, start_id: int, end_id: int, pad_id: int | None = None) -> Chunk:
    """Give the chunk of the empty prompt, with which shorter prompts are filled up."""
    return _chunk(_Open(), start_id, end_id, end_id if pad_id is None else pad_id)


def count_tokens(chunks: Iterable[Chunk]) -> int:
    """Count the tokens used up: a chunk that is closed counts as full."""
    return sum(CHUNK_TOKENS if chunk.closed else chunk.length for chunk in chunks)


def _chunk(filled: _Open, start_id: int, end_id: int, pad_id: int, *, closed: bool = False) -> Chunk:
    ids = [start_id, *filled.tokens, end_id, *[pad_id] * filled.room]
    weights = [1.0, *filled.weights, *[1.0] * (filled.room + 1)]
    return Chunk(tuple(ids), tuple(weights), len(filled.tokens), closed, tuple(filled.slots))
