import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPTokenizer

import pentimento
from pentimento.prompts import (
    BREAK,
    Embedding,
    EmbeddingSlot,
    Weighted,
    chunk,
    count_tokens,
    embedding_finder,
    empty_chunk,
    parse_emphasis,
)

from .grammar import HOSTILE

GOLDEN = Path(__file__).parents[1] / "golden/unit"
TOKENIZER = Path(pentimento.__file__).parent / "models/builtin/tokenizer"
START, END, COMMA = 1000, 1001, 44


def recorded(name):
    return [json.loads(line) for line in (GOLDEN / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def clip():
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    return lambda text: tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]


def letters(pieces, **options):
    """Chunks with one token for each character: its code point."""
    return chunk(pieces, lambda text: [ord(c) for c in text], comma_id=COMMA, start_id=START, end_id=END, **options)


@pytest.mark.parametrize("name", ["prompts.jsonl", "tokens_long.jsonl"])
def test_chunks_are_a1111s(clip, name):
    for case in recorded(name):
        chunks = chunk(
            parse_emphasis(case["prompt"], rules="a1111"),
            clip,
            comma_id=267,
            start_id=49406,
            end_id=49407,
            backtrack=case.get("comma_padding_backtrack", 20),
        )
        assert [list(c.ids) for c in chunks] == [c["tokens"] for c in case["chunks"]], case["prompt"]
        assert [list(c.weights) for c in chunks] == [c["multipliers"] for c in case["chunks"]], case["prompt"]
        assert count_tokens(chunks) == case["token_count"], case["prompt"]


PIECES = st.lists(
    st.one_of(
        st.just(BREAK), st.builds(Weighted, st.text(alphabet="ab,e1", max_size=90), st.sampled_from([1.0, 1.3, -1.0]))
    ),
    max_size=6,
)
FIND = embedding_finder([Embedding("one", (ord("e"),), 1), Embedding("five", (ord("e"), ord("1")), 5)])


@given(PIECES, st.integers(0, 75), st.booleans())
def test_no_token_is_lost_and_every_break_breaks(pieces, backtrack, with_embeddings):
    chunks = letters(pieces, backtrack=backtrack, find_embedding=FIND if with_embeddings else None)
    assert all(len(c.ids) == len(c.weights) == 77 and c.ids[0] == START and c.ids[c.length + 1] == END for c in chunks)
    weighted = [(ord(letter), piece.weight) for piece in pieces if isinstance(piece, Weighted) for letter in piece.text]
    laid = [(i, w) for c in chunks for i, w in list(zip(c.ids, c.weights, strict=True))[1 : c.length + 1]]
    if not with_embeddings:
        assert laid == weighted
    assert len(chunks) >= sum(piece is BREAK for piece in pieces)
    for c in chunks:
        zeros = [i for i, token in enumerate(c.ids) if token == 0]
        assert zeros == [i for slot in c.embeddings for i in range(slot.position, slot.position + slot.vectors)]


@given(HOSTILE, st.integers(0, 75))
def test_commas_keep_what_follows_them_together(text, backtrack):
    pieces = parse_emphasis(text * 9)
    for c in letters(pieces, backtrack=backtrack)[:-1]:
        tokens = c.ids[1 : c.length + 1]
        if c.length < 75 and not any(piece is BREAK for piece in pieces):
            assert tokens[-1] == COMMA and 75 - c.length < max(backtrack, 1)


def test_a_full_chunk_is_cut_behind_the_last_comma_that_is_near():
    text = Weighted("a" * 60 + "," + "b" * 20, 1.0)
    assert [c.length for c in letters([text])] == [61, 20]
    assert [c.length for c in letters([text], backtrack=14)] == [75, 6]
    assert [c.length for c in letters([text], backtrack=0)] == [75, 6]


def test_embeddings_are_never_cut_and_move_with_the_comma():
    find = embedding_finder([Embedding("five", (ord("e"),), 5)])
    (first, second) = letters([Weighted("a" * 72 + "e", 1.2)], find_embedding=find)
    assert first.length == 72 and first.embeddings == ()
    assert second.embeddings == (EmbeddingSlot("five", 1, 5),) and second.weights[1:6] == (1.2,) * 5
    (first, second) = letters([Weighted("a" * 66 + ",bb" + "e" + "c" * 3, 1.0)], find_embedding=find)
    assert first.length == 67 and first.embeddings == ()
    assert second.embeddings == (EmbeddingSlot("five", 3, 5),)


def test_the_longest_embedding_is_taken():
    (only,) = letters([Weighted("ae1e", 1.0)], find_embedding=FIND)
    assert only.embeddings == (EmbeddingSlot("five", 2, 5), EmbeddingSlot("one", 7, 1))


def test_an_empty_prompt_is_one_chunk_of_padding():
    assert letters(parse_emphasis("")) == [empty_chunk(start_id=START, end_id=END)]
    padded = empty_chunk(start_id=START, end_id=END, pad_id=0)
    assert padded.ids == (START, END) + (0,) * 75
