"""A shift of colours is known where the picture is known, and gone where it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentimento.pictures.membrane import membrane
from pentimento.pictures.recolor import match_known

from .scenes import SHIFTS, scene

SEEDS = st.integers(0, 10**6)


@pytest.mark.parametrize("shift", SHIFTS)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_a_smooth_shift_is_gone_to_half_a_level(shift: str, seed: int) -> None:
    case = scene(seed, shift)
    corrected = match_known(case.made, case.source, ~case.mask)
    error = np.abs(corrected - case.truth)[case.mask] * 255
    assert error.max() <= 0.5 and np.abs(corrected - case.truth)[~case.mask].mean() * 255 <= 0.1


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_what_needs_no_correction_gets_none(seed: int) -> None:
    case = scene(seed, "none")
    assert np.abs(match_known(case.made, case.source, ~case.mask) - case.made).max() * 255 < 0.01


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_nothing_of_the_hidden_source_is_looked_at(seed: int) -> None:
    case = scene(seed, "gain and wave")
    other = np.where(case.mask[..., None], np.float32(0.9), case.source)
    found = [match_known(case.made, wanted, ~case.mask) for wanted in (case.source, other)]
    assert np.array_equal(*found)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_with_a_changed_thing_on_the_known_part_the_shift_still_gets_smaller(seed: int) -> None:
    case = scene(seed, "gain")
    made = case.made.copy()
    made[10:50, 15:60] = 0.9
    before, after = (
        np.abs(one - case.truth)[case.mask].mean() for one in (made, match_known(made, case.source, ~case.mask))
    )
    assert after < before


def test_of_one_colour_no_gain_is_made_up() -> None:
    source = np.full((96, 96, 3), 0.4, np.float32)
    made = source + np.float32(0.02)
    made[40:60, 40:60] = [0.9, 0.1, 0.5]
    known = np.ones((96, 96), bool)
    known[30:70, 30:70] = False
    inside = match_known(made, source, known)[50, 50]
    assert np.allclose(inside, made[50, 50] - 0.02, atol=0.004)


def test_where_too_little_is_known_the_pixels_stay() -> None:
    made = np.random.default_rng(0).random((64, 64, 3), np.float32)
    known = np.zeros((64, 64), bool)
    known[0, :5] = True
    assert np.array_equal(match_known(made, made * 0, known), made)


def test_a_membrane_is_harmonic_and_keeps_what_is_known() -> None:
    y, x = np.mgrid[:128, :160] / np.float32(128)
    truth = np.stack([x * x - y * y, x * y, x], -1).astype(np.float32)
    known = (x - 0.6) ** 2 + (y - 0.5) ** 2 > 0.15
    found = membrane(np.where(known[..., None], truth, 7), known)
    assert np.array_equal(found[known], truth[known])
    assert np.abs(found - truth).max() < 0.02
    assert found[~known].min() >= truth[known].min() and found[~known].max() <= truth[known].max()
    assert not membrane(truth, np.zeros_like(known)).any()
