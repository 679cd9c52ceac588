"""Schedules: A1111's tables to the sixth digit, and what must hold for all."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.diffusion.prediction import NoiseLevels
from pentimento.diffusion.schedules import SCHEDULES, ScheduleOptions, find_schedule
from pentimento.errors import RequestError

GOLDEN = Path(__file__).parents[1] / "golden" / "unit"
LEVELS = NoiseLevels.scaled_linear()
TABLES = {
    key: np.array(values) for key, values in json.loads((GOLDEN / "sigmas.json").read_text()).items() if "|" in key
}


@pytest.mark.parametrize("key", TABLES)
def test_tables_are_a1111s(key: str) -> None:
    label, n = key.split("|")
    sigmas = find_schedule(label).function(int(n), LEVELS, ScheduleOptions())
    assert sigmas.shape == TABLES[key].shape
    np.testing.assert_allclose(sigmas, TABLES[key], rtol=1.1e-6)


def test_nine_levels_of_ten_agree_to_the_last_bit() -> None:
    """A Brownian tree tells levels apart that differ by little more, so rounding is part of the picture."""
    exact: list[bool] = []
    for key, table in TABLES.items():
        label, n = key.split("|")
        sigmas = find_schedule(label).function(int(n), LEVELS, ScheduleOptions())
        exact += (sigmas == np.float64(np.float32(table))).tolist()
    assert np.mean(exact) > 0.9


def test_the_list_is_a1111s() -> None:
    rows = json.loads((GOLDEN / "schedulers.json").read_text())
    assert [(row.name, row.label, row.default_rho, list(row.aliases)) for row in SCHEDULES] == [
        (row["name"], row["label"], row["default_rho"], row["aliases"] or []) for row in rows
    ]


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.name)
def test_every_spelling_is_found(row) -> None:
    for word in (row.name, row.label, *row.aliases):
        for spelling in (word, word.upper(), f" {word.lower()} "):
            assert find_schedule(spelling) is row


def test_an_unknown_schedule_names_the_nearest() -> None:
    with pytest.raises(RequestError, match="did you mean 'karras'"):
        find_schedule("karas")


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.name)
@given(n=st.integers(1, 300))
def test_sigmas_descend_strictly(row, n: int) -> None:
    sigmas = row.function(n, LEVELS, ScheduleOptions())
    assert np.all(np.diff(sigmas) < 0)
    assert sigmas[-1] == 0 or row.name == "kl_optimal"


@pytest.mark.parametrize(
    "name", ["karras", "exponential", "polyexponential", "sgm_uniform", "normal", "kl_optimal", "beta"]
)
def test_the_span_can_be_set(name: str) -> None:
    sigmas = find_schedule(name).function(8, LEVELS, ScheduleOptions(sigma_min=0.1, sigma_max=10.0))
    assert sigmas[0] == pytest.approx(10.0, rel=1e-5)
    lowest = sigmas[sigmas > 0][-1]
    assert lowest == pytest.approx(0.1, rel=1e-5) or (name == "sgm_uniform" and lowest > 0.1)


def test_rho_bends_karras_and_polyexponential() -> None:
    for name in ("karras", "polyexponential"):
        row = find_schedule(name)
        own = row.function(8, LEVELS, ScheduleOptions())
        assert np.array_equal(own, row.function(8, LEVELS, ScheduleOptions(rho=row.default_rho)))
        assert not np.allclose(own, row.function(8, LEVELS, ScheduleOptions(rho=3.0)))


def test_beta_of_one_and_one_is_a_straight_line() -> None:
    sigmas = find_schedule("beta").function(5, LEVELS, ScheduleOptions(beta_alpha=1.0, beta_beta=1.0))
    np.testing.assert_allclose(sigmas[:-1], np.linspace(LEVELS.sigma_max, LEVELS.sigma_min, 5), rtol=1e-6)


def test_align_your_steps_knows_two_grids() -> None:
    for grid, second in (("sd1", 6.475), ("sdxl", 6.315), ("other", 6.475)):
        levels = NoiseLevels.scaled_linear(grid=grid)
        assert find_schedule("align_your_steps").function(11, levels, ScheduleOptions())[1] == pytest.approx(second)
