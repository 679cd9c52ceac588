import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.prompts import Note, Segment, Timeline, parse_schedule

from .grammar import HOSTILE, MALFORMED, SAMPLES, STEPS

RULES = st.sampled_from(["mended", "a1111"])


def texts(prompt, steps=STEPS, rules="mended", notes=None):
    """The text of each step."""
    segments = parse_schedule(prompt, steps, rules=rules, notes=notes)
    return tuple(next(s.text for s in segments if step <= s.until) for step in range(1, steps + 1))


@given(SAMPLES, RULES)
def test_a_well_formed_prompt_means_what_it_says(sample, rules):
    assert texts(sample.written, rules=rules) == sample.texts


@given(SAMPLES, MALFORMED, SAMPLES)
def test_what_does_not_parse_stays_literal_alone(left, bad, right):
    notes: list[Note] = []
    expected = tuple(a + bad + b for a, b in zip(left.texts, right.texts, strict=True))
    assert texts(left.written + bad + right.written, notes=notes) == expected
    assert "prompt_part_not_parsed" in [note.code for note in notes]


@given(SAMPLES, MALFORMED, st.integers(1, STEPS))
def test_a_bad_part_inside_a_switch_leaves_the_switch(sample, bad, when):
    written = f"[{bad}{sample.written}:z:{when}]"
    assert texts(written) == tuple(
        bad + text if step <= when else "z" for step, text in enumerate(sample.texts, start=1)
    )


@given(SAMPLES, SAMPLES, st.sampled_from(["(", ")", "|", ":", "\\"]))
def test_a_stray_character_does_no_harm(left, right, stray):
    expected = tuple(a + stray + b for a, b in zip(left.texts, right.texts, strict=True))
    if not (stray == "\\" and right.written):
        assert texts(left.written + stray + right.written) == expected


@given(HOSTILE, st.integers(0, 30), RULES, st.integers(0, 20))
def test_any_text_has_segments_that_end_at_the_steps(text, steps, rules, base_steps):
    segments = parse_schedule(text, Timeline(steps, base_steps), rules=rules, notes=[])
    ends = [segment.until for segment in segments]
    assert ends == sorted(set(ends)) and ends[-1] == steps
    assert steps == 0 or ends[0] >= 1


@given(HOSTILE.filter(lambda text: "[" not in text), RULES)
def test_a_text_without_square_brackets_is_itself(text, rules):
    assert parse_schedule(text, 7, rules=rules) == (Segment(7, text),)


@given(HOSTILE)
def test_mended_neighbours_differ(text):
    segments = parse_schedule(text, 9)
    assert all(a.text != b.text for a, b in zip(segments, segments[1:], strict=False))


@pytest.mark.parametrize(
    ("prompt", "segments"),
    [
        ("a [b:c:0.5] d", [(5, "a b d"), (10, "a c d")]),
        ("a [b:c:1] d", [(1, "a b d"), (10, "a c d")]),
        ("a [b:c:1.0] d", [(10, "a b d")]),
        ("[a::3]", [(3, "a"), (10, "")]),
        ("[:a:3]", [(3, ""), (10, "a")]),
        ("[a:b:-1]", [(10, "b")]),
        ("a [b:c:0] d", [(10, "a c d")]),
        ("[a:b:99]", [(10, "a")]),
        ("[a:[b:c:8]:3]", [(3, "a"), (8, "b"), (10, "c")]),
        ("(a:[b:c:5])", [(5, "(a:b)"), (10, "(a:c)")]),
        (r"\[a:b:3\]", [(10, r"\[a:b:3\]")]),
        ("[a:b|c:3]", [(10, "[a:b|c:3]")]),
        ("[a|b:c:5]", [(10, "[a|b:c:5]")]),
        ("x [a] y", [(10, "x [a] y")]),
        ("[a: b c :.25]", [(2, "a"), (10, " b c ")]),
        ("[a:1e-1]", [(10, "a")]),
    ],
)
@pytest.mark.parametrize("rules", ["mended", "a1111"])
def test_recorded_schedules_of_ten_steps(prompt, segments, rules):
    assert [(s.until, s.text) for s in parse_schedule(prompt, 10, rules=rules)] == segments


def test_one_bad_bar_undoes_every_switch_in_a1111_only():
    prompt = "a | b [c:d:3]"
    notes: list[Note] = []
    assert parse_schedule(prompt, 10, rules="a1111", notes=notes) == (Segment(10, prompt),)
    assert [note.code for note in notes] == ["prompt_not_parsed"]
    assert parse_schedule(prompt, 10) == (Segment(3, "a | b c"), Segment(10, "a | b d"))


def test_weights_with_colons_may_stand_inside_a_switch():
    prompt = "[(time: noon:1.2):(a|b):4]"
    assert parse_schedule(prompt, 10) == (Segment(4, "(time: noon:1.2)"), Segment(10, "(a|b)"))
    assert parse_schedule(prompt, 10, rules="a1111") == (Segment(10, prompt),)


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("[a:b:1.0]", "prompt_switch_never"),
        ("[a:1.3]", "prompt_switch_never"),
        ("[a::10]", "prompt_switch_never"),
        ("[a:b:0]", "prompt_switch_at_start"),
        ("[a:b:0.05]", "prompt_switch_at_start"),
        ("[a:b", "prompt_bracket_not_closed"),
        ("a]", "prompt_bracket_not_opened"),
        ("[a:b]", "prompt_part_not_parsed"),
    ],
)
def test_notes_for_what_is_hardly_meant(prompt, code):
    notes: list[Note] = []
    parse_schedule(prompt, 10, notes=notes)
    assert [note.code for note in notes] == [code]


def test_no_note_for_what_is_right():
    notes: list[Note] = []
    parse_schedule(r"a (b:1.2), [c], [d:e:0.5] [f|g] [h:3] [i::0.9] \[j:k:l\] 10:30", 10, notes=notes)
    assert notes == []
