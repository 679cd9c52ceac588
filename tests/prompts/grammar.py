"""Random prompts that are well formed, with an independent account of what they mean."""

from dataclasses import dataclass

from hypothesis import strategies as st

WORDS = st.text(alphabet="abc ,éж", min_size=0, max_size=4)
STEPS = 12


@dataclass(frozen=True)
class Sample:
    """A prompt as it is written, and its text at each step 1..STEPS."""

    written: str
    texts: tuple[str, ...]


def plain(text: str) -> Sample:
    return Sample(text, (text,) * STEPS)


def joined(samples: list[Sample]) -> Sample:
    texts = tuple("".join(sample.texts[s] for sample in samples) for s in range(STEPS))
    return Sample("".join(sample.written for sample in samples), texts)


def bracketed(inner: Sample, brackets: str) -> Sample:
    return Sample(brackets[0] + inner.written + brackets[1], tuple(brackets[0] + t + brackets[1] for t in inner.texts))


def switch(before: Sample, after: Sample, when: int) -> Sample:
    texts = tuple(before.texts[s - 1] if s <= when else after.texts[s - 1] for s in range(1, STEPS + 1))
    return Sample(f"[{before.written}:{after.written}:{when}]", texts)


def turns(members: list[Sample]) -> Sample:
    texts = tuple(members[s % len(members)].texts[s] for s in range(STEPS))
    return Sample(f"[{'|'.join(member.written for member in members)}]", texts)


def _larger(inner: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    return st.one_of(
        st.lists(inner, min_size=0, max_size=3).map(joined),
        st.builds(bracketed, inner, st.sampled_from(["()", "[]"])),
        st.builds(switch, inner, inner, st.integers(-1, STEPS + 2)),
        st.lists(inner, min_size=2, max_size=3).map(turns),
    )


SAMPLES = st.recursive(WORDS.map(plain), _larger, max_leaves=8)

MALFORMED = st.sampled_from(["[a:b|c:3]", "[a:b:c:5]", "[a|b:2]", "[a:b]", "[:x]", "[a:b:c]", "[a:1.2.3]"])
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["(", ")", "[", "]", ":", "|", "\\", "AND", "BREAK", " ", "\n", "a", "0.5", ":1.3)", ":-", "1e999", "#"]
            + ["<lora:", ">", "x:y", ":.)", "..", "٣", ":3]", "[a:b:3]", "[a|b]", "=", "{prompt}"]
        ),
        max_size=25,
    ).map("".join),
)
