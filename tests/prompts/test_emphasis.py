import re
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.prompts import BREAK, Note, Weighted, escape, parse_emphasis

from .grammar import HOSTILE

NESTS = st.lists(st.sampled_from([("(", ")", 1.1), ("[", "]", 1 / 1.1), ("(", ":1.3)", 1.3), ("(", ":-0.5)", -0.5)]))


@given(HOSTILE, st.sampled_from(["mended", "a1111"]), st.sampled_from(["original", "no_norm", "ignore", "none"]))
def test_any_text_is_read(text, rules, mode):
    pieces = parse_emphasis(text, mode, rules=rules)
    assert pieces
    if mode == "none":
        assert pieces == [Weighted(text, 1.0)]
    if mode == "ignore":
        assert all(piece is BREAK or piece.weight == 1 for piece in pieces)


@given(st.text().filter(lambda text: not re.search(r"\bBREAK\b", text)), st.sampled_from(["mended", "a1111"]))
def test_an_escaped_text_is_itself(text, rules):
    assert parse_emphasis(escape(text), rules=rules) == [Weighted(text, 1.0)]


@given(NESTS)
def test_nested_brackets_multiply(nest):
    text = "".join(opener for opener, _, _ in reversed(nest)) + "x" + "".join(closer for _, closer, _ in nest)
    (piece,) = [piece for piece in parse_emphasis(text) if piece.text]
    assert piece == Weighted("x", prod(factor for _, _, factor in nest))


@given(HOSTILE)
def test_neighbours_differ_in_weight(text):
    pieces = parse_emphasis(text)
    for left, right in zip(pieces, pieces[1:], strict=False):
        assert left is BREAK or right is BREAK or left.weight != right.weight


@given(HOSTILE)
def test_words_are_kept_in_order(text):
    kept = re.compile(r"[^\w]|BREAK|[.\d]")
    words = "".join("" if piece is BREAK else piece.text for piece in parse_emphasis(text))
    assert kept.sub("", words) == kept.sub("", text)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("(a", [("a", 1.1)]),
        ("a)", [("a)", 1)]),
        ("(a: 1.3 )", [("a", 1.3)]),
        ("(a:b:1.3)", [("a:b", 1.3)]),
        ("a:1.3", [("a:1.3", 1)]),
        ("(a:1,2)", [("a:1,2", 1.1)]),
        ("{a}", [("{a}", 1)]),
        ("[a:1.3)", [("a:1.3)", 1 / 1.1)]),
        ("([a:1.3)", [("a", 1.3 / 1.1)]),
    ],
)
def test_brackets_that_are_not_pairs(text, weights):
    pieces = [(piece.text, piece.weight) for piece in parse_emphasis(text)]
    assert pieces == [(text, pytest.approx(weight)) for text, weight in weights]


def test_break_inside_brackets_breaks_and_in_a1111_becomes_a_word():
    notes: list[Note] = []
    assert parse_emphasis("(a BREAK b:1.3)", notes=notes) == [Weighted("a", 1.3), BREAK, Weighted("b", 1.3)]
    assert notes == []
    assert parse_emphasis("(a BREAK b:1.3)", rules="a1111", notes=notes)[1] == Weighted("BREAK", -1.3)
    assert [note.code for note in notes] == ["prompt_break_in_brackets"]


def test_break_swallows_the_spaces_around_it_and_only_the_word_counts():
    assert parse_emphasis("a \n BREAK  b") == [Weighted("a", 1), BREAK, Weighted("b", 1)]
    assert parse_emphasis("BREAK BREAK") == [Weighted("", 1), BREAK, Weighted("", 1), BREAK, Weighted("", 1)]
    assert parse_emphasis("a BREAKFAST, break") == [Weighted("a BREAKFAST, break", 1)]


def test_a_weight_that_is_no_number_is_text_with_a_note():
    notes: list[Note] = []
    assert parse_emphasis("(a:1.2.3)", notes=notes) == [Weighted("a:1.2.3", 1.1)]
    assert [note.code for note in notes] == ["prompt_weight_unreadable"]
