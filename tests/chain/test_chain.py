"""What a chain promises of pixels, against a network that returns noise."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pentimento import Chain, Request, choices
from pentimento.errors import Cancelled, ImageError, RequestError

from .answering import AnsweringStudio, noise

WIDTH, HEIGHT = 96, 72
FAST = {"steps": 1, "sampler": "euler"}
LEFT, RIGHT = "rect 4 8 20 24", "rect 68 8 20 24"


@pytest.fixture
def studio(tmp_path: Path) -> AnsweringStudio:
    return AnsweringStudio(tmp_path)


def bytes_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def same(first: Chain, second: Chain) -> bool:
    return np.array_equal(bytes_of(first.picture()), bytes_of(second.picture()))


def near(mask: str, seed: int, **fields: Any) -> dict[str, Any]:
    """Give the fields of a small edit in one place."""
    place = {"inpaint_area": "only_masked", "only_masked_padding": 2, "mask_blur": 1, "width": 32, "height": 32}
    return {**FAST, **place, "mask": mask, "seed": seed, **fields}


def painted(studio: AnsweringStudio, chain: Chain, *steps: dict[str, Any]) -> Chain:
    for fields in steps:
        chain = chain.paint(studio, chain.request(**fields))
    return chain


def any_edit(rng: np.random.Generator) -> dict[str, Any]:
    """Draw an edit of any kind."""
    left, top = int(rng.integers(WIDTH - 8)), int(rng.integers(HEIGHT - 8))
    words = ["rect", "ellipse"]
    drawn = f"{rng.choice(words)} {left} {top} {rng.integers(4, 40)} {rng.integers(4, 40)}"
    return {
        "mask": f"{drawn}; intersect rect 10 6 {WIDTH - 20} {HEIGHT - 12}",
        "steps": 1,
        "seed": int(rng.integers(2**32)),
        "sampler": str(rng.choice(["euler", "euler_a", "ddim"])),
        "denoising_strength": float(rng.choice([0.0, 0.3, 0.8, 1.0])),
        "mask_blur": float(rng.choice([0, 1, 3])),
        "feather": str(rng.choice(["both", "inward"])),
        "inpaint_area": str(rng.choice(["whole_picture", "only_masked"])),
        "only_masked_padding": int(rng.integers(0, 20)),
        "masked_content": str(rng.choice(choices.MASKED_CONTENT.names)),
        "mask_action": str(rng.choice(choices.MASK_ACTION.names)),
        "blend": str(rng.choice(choices.BLEND.names, p=[0.7, 0.1, 0.1, 0.1])),
        "profile": str(rng.choice(["pentimento", "a1111"], p=[0.8, 0.2])),
        "match_grain": bool(rng.integers(2)),
        "color_correction": bool(rng.integers(2)),
    }


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_after_fifty_edits_untouched_bytes_are_the_first_sources(studio: AnsweringStudio, mode: str) -> None:
    source, rng = noise(WIDTH, HEIGHT, mode), np.random.default_rng(5)
    chain, seen = Chain.of(source), [bytes_of(source)]
    for _ in range(50):
        request = chain.request(**any_edit(rng))
        result = studio.run(request)
        chain = chain.add(result)
        seen.append(bytes_of(chain.picture()))
        if request.profile == "pentimento":
            weight, given = result.weights[0], bytes_of(result.images[0])
            opaque = np.ones_like(weight, bool) if mode == "RGB" else seen[0][..., 3] == 255
            # The run has rounded what lies below it, the chain has not: that can be seen under soft edges alone.
            assert np.abs(seen[-1].astype(int) - given)[opaque].max() <= 1
            whole = opaque & ((weight == 0) | (weight == 1))
            assert np.array_equal(seen[-1][whole], given[whole])
    assert 0 < np.count_nonzero(~chain.touched) < WIDTH * HEIGHT
    assert np.array_equal(seen[-1][~chain.touched], seen[0][~chain.touched])
    for number in range(0, 51, 10):
        assert np.array_equal(bytes_of(chain.picture(number)), seen[number])
    if mode == "RGBA":
        assert np.array_equal(seen[-1][..., 3], seen[0][..., 3])
        hidden = seen[0][..., 3] == 0
        assert np.array_equal(seen[-1][hidden], seen[0][hidden])
    assert not any(chain.stale)
    assert np.array_equal(bytes_of(chain.mute(*range(1, 51)).picture()), seen[0])


def test_what_a_step_has_painted_stays_until_another_paints_there(studio: AnsweringStudio) -> None:
    chain = painted(studio, Chain.of(noise(WIDTH, HEIGHT)), near(LEFT, 1))
    first = bytes_of(chain.picture())
    later = painted(studio, chain, *(near("rect 50 40 20 20", seed) for seed in range(2, 12)))
    mine = chain.touched & ~painted(studio, chain.mute(1), near("rect 50 40 20 20", 2)).touched
    assert np.count_nonzero(mine) > 400
    assert np.array_equal(bytes_of(later.picture())[mine], first[mine])


def test_trying_again_in_one_place_is_always_from_the_source(studio: AnsweringStudio) -> None:
    source = Chain.of(noise(WIDTH, HEIGHT))
    chain = painted(studio, source, near(LEFT, 1, denoising_strength=0.2))
    for seed in range(2, 20):
        chain = chain.rerun(studio, 1, seed=seed)
    assert same(chain, painted(studio, source, near(LEFT, 19, denoising_strength=0.2)))


def test_muting_gives_the_picture_as_if_a_step_had_never_been(studio: AnsweringStudio) -> None:
    source = Chain.of(noise(WIDTH, HEIGHT))
    chain = painted(studio, source, near(LEFT, 1), near(RIGHT, 2))
    assert same(chain.mute(2), painted(studio, source, near(LEFT, 1)))
    assert same(chain.mute(1), painted(studio, source, near(RIGHT, 2)))
    assert same(chain.mute(1), chain.remove(1))
    assert same(chain.mute(1).unmute(1), chain)
    assert same(chain.move(1, 2), chain)
    assert not any(chain.mute(1).stale), "what lies apart does not see it"


def test_a_step_is_stale_where_what_it_saw_is_other_now(studio: AnsweringStudio) -> None:
    over = "rect 14 12 20 24"
    chain = painted(studio, Chain.of(noise(WIDTH, HEIGHT)), near(LEFT, 1), near(RIGHT, 2), near(over, 3))
    assert chain.mute(1).stale == (False, False, True)
    assert chain.mute(2).stale == (False, False, False)
    assert chain.mute(1).unmute(1).stale == (False, False, False)
    assert chain.move(3, 1).stale == (True, True, False)
    assert chain.remove(1).stale == (False, True)
    whole = painted(studio, chain, {**FAST, "mask": RIGHT, "seed": 4})
    assert whole.mute(1).stale == (False, False, True, True), "the whole picture is seen"
    coloured = painted(studio, chain, near("color #000000 40; intersect rect 70 40 20 20; add rect 75 45 9 9", 5))
    assert coloured.mute(1).stale[-1], "a mask from colours looks at the whole picture"


def test_running_stale_steps_again_gives_what_would_have_been(studio: AnsweringStudio) -> None:
    source = Chain.of(noise(WIDTH, HEIGHT))
    steps = [near(LEFT, 1), near("rect 14 12 20 24", 2), near("rect 42 14 16 20", 3, blend="poisson"), near(RIGHT, 4)]
    chain = painted(studio, source, *steps)
    without = painted(studio, source, *steps[1:])
    muted = chain.mute(1)
    assert muted.stale == (False, True, False, False)
    refreshed = muted.refresh(studio)
    assert not any(refreshed.stale)
    assert same(refreshed, without)
    assert refreshed.unmute(1).refresh(studio).to_bytes() == chain.to_bytes()
    assert same(chain.move(2, 1).refresh(studio), painted(studio, source, *(steps[i] for i in (1, 0, 2, 3))))


def test_a_rerun_with_nothing_changed_gives_the_same_file(studio: AnsweringStudio, tmp_path: Path) -> None:
    mask = Image.new("L", (WIDTH, HEIGHT))
    mask.paste(255, (20, 20, 50, 50))
    chain = painted(studio, Chain.of(noise(WIDTH, HEIGHT, "RGBA")), near(LEFT, 1), near(mask, 2))
    path = tmp_path / "edits.pentimento"
    chain.save(path)
    opened = Chain.open(path)
    assert opened.to_bytes() == chain.to_bytes() == path.read_bytes()
    assert same(opened, chain) and opened.stale == chain.stale
    assert opened.rerun(studio, 2).to_bytes() == chain.to_bytes()
    changed = opened.rerun(studio, 1, seed=9, prompt="a hat")
    assert (changed.steps[0].recipe.seed, changed.steps[0].name) == (9, "a hat")
    assert not same(changed, chain)


def test_labels_and_operations_leave_the_chain_they_are_done_on(studio: AnsweringStudio) -> None:
    chain = painted(studio, Chain.of(noise(WIDTH, HEIGHT)), near(LEFT, 1, prompt="a hat"), near(RIGHT, 2))
    before = chain.to_bytes()
    renamed = chain.rename(1, "hat")
    assert [step.name for step in renamed.steps] == ["hat", "without a prompt"]
    assert renamed.rerun(studio, 1).steps[0].label == "hat"
    assert renamed.mute(1).rerun(studio, 1).steps[0].muted
    _ = chain.mute(1), chain.remove(1, 2), chain.move(1, 2)
    assert chain.to_bytes() == before


def test_what_cannot_be_a_step_is_refused_before_it_is_run(studio: AnsweringStudio) -> None:
    chain = Chain.of(noise(WIDTH, HEIGHT))
    refused = {
        "init_image": Request(init_image=noise(WIDTH, HEIGHT, seed=1), **FAST),
        "width": chain.request(width=64, height=64, **FAST),
        "batch_size": chain.request(batch_size=2, **FAST),
    }
    for field, request in refused.items():
        with pytest.raises(RequestError) as raised:
            chain.paint(studio, request)
        assert raised.value.field == field
    with pytest.raises(RequestError, match="init_image"):
        chain.paint(studio, Request(prompt="a hat"))
    for wrong in (lambda: chain.mute(1), lambda: chain.picture(1), lambda: chain.rerun(studio, 0)):
        with pytest.raises(RequestError, match="it has none yet"):
            wrong()
    with pytest.raises(ImageError):
        Chain.of(b"no picture")


def test_one_of_several_pictures_is_chosen(studio: AnsweringStudio) -> None:
    chain = Chain.of(noise(WIDTH, HEIGHT))
    result = studio.run(chain.request(**near(LEFT, 5, batch_size=3)))
    chosen = chain.add(result, 2, label="the third")
    assert np.array_equal(bytes_of(chosen.picture()), bytes_of(result.images[2]))
    assert chosen.steps[0].recipe.seed == 7
    assert same(chosen.rerun(studio, 1), chosen)
    with pytest.raises(RequestError, match="chain's picture"):
        chosen.add(result, 0)


def test_strength_zero_and_empty_masks_are_steps_that_change_nothing(studio: AnsweringStudio) -> None:
    chain = Chain.of(noise(WIDTH, HEIGHT))
    idle = painted(studio, chain, near(LEFT, 1, denoising_strength=0), {**FAST, "mask": "threshold 50%", "seed": 1})
    assert same(idle, chain)
    assert not idle.touched.any()


def test_a_cancelled_run_leaves_the_chain(studio: AnsweringStudio) -> None:
    chain, cancel = Chain.of(noise(WIDTH, HEIGHT)), threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        chain.paint(studio, chain.request(**near(LEFT, 1)), cancel=cancel)
    assert chain.steps == ()
