import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.prompts import (
    CODES,
    NetworkTag,
    Note,
    Part,
    extract_networks,
    read_prompt,
    split_and,
    strip_comments,
)

from .grammar import HOSTILE, SAMPLES, STEPS


def codes(prompt):
    return [note.code for note in prompt.notes]


def texts(part):
    return tuple(segment.text for segment in part.segments)


def used(part, positions):
    """The text for each position: the first segment that reaches it, or the last."""
    return [next((s.text for s in part.segments if at <= s.until), part.segments[-1].text) for at in positions]


@given(
    HOSTILE,
    st.sampled_from(["mended", "a1111"]),
    st.booleans(),
    st.integers(0, 30),
    st.integers(1, 2),
    st.integers(0, 30),
)
def test_any_text_is_read(text, rules, negative, steps, evaluations, executed):
    prompt = read_prompt(
        text,
        steps=steps,
        evaluations_per_step=evaluations,
        rules=rules,
        negative=negative,
        executed_steps=executed,
    )
    assert prompt.parts and set(codes(prompt)) <= set(CODES)
    total = executed if rules == "mended" else steps * evaluations
    for part in prompt.parts:
        ends = [segment.until for segment in part.segments]
        assert ends == sorted(set(ends)) and ends[-1] == total
    assert not negative or (len(prompt.parts) == 1 and prompt.networks == ())


@given(SAMPLES, st.integers(1, 2))
def test_mended_counts_executed_steps(sample, evaluations):
    prompt = read_prompt(sample.written, steps=50, executed_steps=STEPS, evaluations_per_step=evaluations)
    assert tuple(used(prompt.parts[0], range(1, STEPS + 1))) == sample.texts


def test_a1111_counts_requested_calls_and_each_text_lasts_one_longer():
    prompt = read_prompt("[a:b:5]", steps=10, executed_steps=8, rules="a1111")
    assert used(prompt.parts[0], range(8)) == ["a"] * 6 + ["b"] * 2
    twice = read_prompt("[a:b:0.5]", steps=10, evaluations_per_step=2, rules="a1111")
    assert used(twice.parts[0], range(20)) == ["a"] * 11 + ["b"] * 9


def test_a_switch_that_the_strength_cuts_off_is_noted():
    assert codes(read_prompt("[a:b:0.5]", steps=20, executed_steps=7, rules="a1111")) == ["prompt_switch_never"]
    assert codes(read_prompt("[a:b:0.5]", steps=20, executed_steps=7)) == []
    assert codes(read_prompt("[a:b:10]", steps=20, executed_steps=7)) == ["prompt_switch_never"]
    assert codes(read_prompt("[a:b:10]", steps=20, executed_steps=0)) == []
    assert codes(read_prompt("[a:b:10]", steps=20, executed_steps=0, rules="a1111")) == []


def test_the_order_is_comments_networks_and_schedule():
    prompt = read_prompt("a <lora:ink:0.8> [b:c:1] :1.5 AND d:0.5 # AND e\n", steps=2)
    assert [(part.weight, texts(part)) for part in prompt.parts] == [(1.5, ("a  b", "a  c")), (0.5, (" d",))]
    assert prompt.networks == (NetworkTag("lora", "ink", ("0.8",)),)


def test_the_negative_prompt_is_one_part_without_weight():
    prompt = read_prompt("a AND b:3", steps=2, negative=True)
    assert [(part.weight, texts(part)) for part in prompt.parts] == [(1.0, ("a AND b:3",))]


def test_networks_in_the_negative_prompt():
    mended = read_prompt("bad <lora:ink:1>", steps=1, negative=True)
    assert texts(mended.parts[0]) == ("bad ",) and codes(mended) == ["prompt_network_in_negative"]
    literal = read_prompt("bad <lora:ink:1>", steps=1, negative=True, rules="a1111")
    assert texts(literal.parts[0]) == ("bad <lora:ink:1>",) and codes(literal) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a :1.2 AND b:0.7", [("a", 1.2), (" b", 0.7)]),
        ("a AND b :-0.5", [("a", 1), (" b", -0.5)]),
        ("ANDb AND c", [("ANDb", 1), (" c", 1)]),
        ("a and b", [("a and b", 1)]),
        ("AND", [("", 1), ("", 1)]),
    ],
)
@pytest.mark.parametrize("rules", ["mended", "a1111"])
def test_and_takes_weights(text, parts, rules):
    assert split_and(text, rules) == [Part(*part) for part in parts]


def test_no_accidental_weight():
    notes: list[Note] = []
    assert split_and("a cat:3", "mended", notes) == [Part("a cat:3", 1.0)]
    assert split_and("a AND (b:1.2", "mended", notes) == [Part("a", 1.0), Part(" (b:1.2", 1.0)]
    assert [note.code for note in notes] == ["prompt_weight_without_and", "prompt_weight_in_open_bracket"]
    assert split_and("a cat:3", "a1111", notes) == [Part("a cat", 3.0)]
    assert split_and("a AND (b:1.2", "a1111") == [Part("a", 1.0), Part(" (b", 1.2)]


def test_tags_of_networks():
    text, tags = extract_networks("a<lora:x:0.5:unet=1:2> b <hypernet:y> <lora:a=b=c> <c> <: > <lora:te=1>")
    assert text == "a b   <c> <: > "
    assert tags == [
        NetworkTag("lora", "x", ("0.5", "2"), (("unet", "1"),)),
        NetworkTag("hypernet", "y"),
        NetworkTag("lora", "a=b=c"),
        NetworkTag("lora", "", (), (("te", "1"),)),
    ]


def test_a_tag_that_is_not_closed_is_text_with_a_note():
    assert codes(read_prompt("a <lora:x:0.5, b", steps=1)) == ["prompt_network_not_closed"]


def test_comments_end_with_the_line_and_mended_keeps_colours():
    assert strip_comments("a # b\nc #ff0000 # d", "a1111") == "a \nc "
    assert strip_comments("a # b\nc #ff0000 # d", "mended") == "a \nc #ff0000 "


@pytest.mark.parametrize(
    "unit", ["a [red:blue:0.5] (z:1.1), ", "[", "[a:", "(a", "[(](", "<a:", "[a:b|c:3] ", ":1", "#"]
)
@pytest.mark.parametrize("rules", ["mended", "a1111"])
def test_ten_kilobytes_of_anything_are_read(unit, rules):
    prompt = read_prompt(unit * (10_000 // len(unit)), steps=20, rules=rules)
    assert prompt.parts and all(part.segments for part in prompt.parts)
    assert len(prompt.notes) <= 50
