"""From a prompt as it is written to what the engine encodes."""

from dataclasses import dataclass

from .combine import Part, split_and
from .comments import strip_comments
from .emphasis import note_emphasis
from .networks import NetworkTag, extract_networks
from .notes import Note, Rules, add_note, shown
from .schedule import Segment, Timeline, parse_schedule


@dataclass(frozen=True)
class ScheduledPart:
    """One prompt of those that AND joins: its weight in the guidance, and its texts over time."""

    weight: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Prompt:
    """A prompt that was read: parts to encode, networks to switch on, notes for the author."""

    parts: tuple[ScheduledPart, ...]
    networks: tuple[NetworkTag, ...]
    notes: tuple[Note, ...]


def read_prompt(
    text: str,
    *,
    steps: int,
    evaluations_per_step: int = 1,
    rules: Rules = "mended",
    negative: bool = False,
    executed_steps: int | None = None,
    base_steps: int = 0,
) -> Prompt:
    """Read one prompt, styles already applied: comments, networks, AND, schedules.

    Parameters
    ----------
    steps : steps asked for.
    evaluations_per_step : model calls of the sampler per step.
    negative : the negative prompt is not split at AND and has no weight. Tags of networks
        have no effect in it: `mended` takes them out with a note, `a1111` leaves the text.
    executed_steps : steps that will run, where the strength makes them fewer (or 0);
        left out = `steps`.
    base_steps : see `Timeline`.

    Notes
    -----
    `mended` counts executed steps: step `s` (1-based), with all its model calls, uses the first
    segment with `s <= until`. `a1111` counts requested model calls, and a call `c` (0-based) uses
    the first segment with `c <= until`, so that each text lasts one call longer than written.

    Examples
    --------
    >>> prompt = read_prompt("a [red:blue:2] cat <lora:ink:0.8>", steps=4)
    >>> prompt.parts[0].segments
    (Segment(until=2, text='a red cat '), Segment(until=4, text='a blue cat '))
    """
    notes: list[Note] = []
    text = strip_comments(text, rules)
    networks: list[NetworkTag] = []
    if not negative:
        text, networks = extract_networks(text, notes)
    elif rules == "mended":
        text = _without_networks(text, notes)
    executed = steps if executed_steps is None else executed_steps
    if rules == "mended":
        timeline = Timeline(executed, base_steps)
    else:
        calls = executed * evaluations_per_step
        timeline = Timeline(steps * evaluations_per_step, base_steps * evaluations_per_step, last=calls - 1)
    parts: list[ScheduledPart] = []
    for part in [Part(text, 1.0)] if negative else split_and(text, rules, notes):
        segments = parse_schedule(part.text, timeline, rules=rules, notes=notes)
        parts.append(ScheduledPart(part.weight, segments))
        for segment in dict.fromkeys([segments[0], segments[-1]]):
            note_emphasis(segment.text, rules, notes)
    return Prompt(tuple(parts), tuple(networks), tuple(notes))


def _without_networks(text: str, notes: list[Note]) -> str:
    left, networks = extract_networks(text, notes)
    for tag in networks:
        message = f"the network {shown(tag.name)} in the negative prompt has no effect and is left out"
        add_note(notes, "prompt_network_in_negative", message, f"<{tag.kind}:{tag.name}>")
    return left
