"""What A1111 v1.10.1 was recorded to make of 84 prompts."""

import json
from pathlib import Path

import pytest

from pentimento.prompts import BREAK, Piece, Timeline, parse_emphasis, parse_schedule, split_and

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "golden/unit/prompts.jsonl").read_text("utf-8").splitlines()
]
TIMELINES = {
    "schedule_1": Timeline(1),
    "schedule_8": Timeline(8),
    "schedule_10": Timeline(10),
    "schedule_20": Timeline(20),
    "schedule_hires_10_15": Timeline(15, base_steps=10),
}


def as_recorded(piece: Piece) -> list[object]:
    return ["BREAK", -1] if piece is BREAK else [piece.text, piece.weight]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["prompt"])[:40])
def test_weights_are_a1111s(case):
    pieces = parse_emphasis(case["prompt"], rules="a1111")
    assert [as_recorded(piece) for piece in pieces] == case["attention"]


@pytest.mark.parametrize("name", TIMELINES)
def test_schedules_are_a1111s(name):
    for case in CASES:
        segments = parse_schedule(case["prompt"], TIMELINES[name], rules="a1111")
        assert [[segment.until, segment.text] for segment in segments] == case[name], case["prompt"]


def test_parts_joined_by_and_are_a1111s():
    for case in CASES:
        recorded = [[case["and"]["flat"][index], weight] for index, weight in case["and"]["indexes"][0]]
        assert [[part.text, part.weight] for part in split_and(case["prompt"], "a1111")] == recorded, case["prompt"]


def test_mended_rules_agree_where_a1111_has_no_trap():
    traps = {
        "schedule": {"[a|b:1.2]", "[a:b|c:0.5]", "[a:b:c:0.5]", "a:b:0.5]"},
        "emphasis": {"(a BREAK b:1.2)", "a, (b BREAK c:1.3)"},
    }
    for case in CASES:
        prompt = case["prompt"]
        if prompt not in traps["emphasis"]:
            assert [as_recorded(piece) for piece in parse_emphasis(prompt)] == case["attention"]
        recorded = {step: next(text for end, text in case["schedule_10"] if step <= end) for step in range(1, 11)}
        segments = parse_schedule(prompt, 10)
        mended = {step: next(s.text for s in segments if step <= s.until) for step in range(1, 11)}
        assert mended == recorded or prompt in traps["schedule"]
