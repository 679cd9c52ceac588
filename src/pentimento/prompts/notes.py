"""What a prompt's author should know about how it was read."""

from dataclasses import dataclass
from typing import Literal

Rules = Literal["mended", "a1111"]
"""`mended`: the language without its traps; `a1111`: exactly as A1111 v1.10.1."""

CODES: dict[str, str] = {
    "prompt_switch_never": "a switch whose second text is never used",
    "prompt_switch_at_start": "a switch whose first text is never used",
    "prompt_part_not_parsed": "a bracket that was meant as a switch and is not one; it stays as text",
    "prompt_not_parsed": "a1111: one bad character keeps every switch in the prompt from working",
    "prompt_bracket_not_closed": "an opening bracket that reaches to the end of the text",
    "prompt_bracket_not_opened": "a closing bracket that stays as text",
    "prompt_weight_without_and": "a number at the end of a prompt without AND",
    "prompt_weight_in_open_bracket": "a number behind an opening bracket that is not closed",
    "prompt_weight_unreadable": "a weight in brackets that is not a number",
    "prompt_break_in_brackets": "a1111: BREAK inside a weighted bracket becomes a word",
    "prompt_network_in_negative": "a network's tag in the negative prompt",
    "prompt_network_not_closed": "a network's tag without its closing bracket",
}
"""Every code that a note can have, and when it is given."""

MOST_NOTES = 50


@dataclass(frozen=True)
class Note:
    """One remark: a code (of `CODES`, where it is about the language), a sentence, and the piece of the prompt."""

    code: str
    text: str
    fragment: str = ""


def add_note(notes: list[Note] | None, code: str, text: str, fragment: str = "") -> None:
    """Append a note where somebody listens: each once, `MOST_NOTES` in all."""
    note = Note(code, text, fragment)
    if notes is not None and len(notes) < MOST_NOTES and note not in notes:
        notes.append(note)


def shown(text: str, longest: int = 60) -> str:
    """Quote a fragment for a sentence, cut in the middle where it is long."""
    half = longest // 2
    return repr(text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}")
