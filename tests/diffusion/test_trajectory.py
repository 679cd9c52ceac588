"""Trajectories: A1111's cuts, recorded; and what `continuous` promises, for any schedule."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.diffusion.prediction import NoiseLevels
from pentimento.diffusion.samplers import SAMPLERS, find_sampler
from pentimento.diffusion.schedules import SCHEDULES, ScheduleOptions, find_schedule
from pentimento.diffusion.trajectory import Trajectory, a1111_steps, plan_trajectory
from pentimento.errors import RequestError

GOLDEN = Path(__file__).parents[1] / "golden" / "unit"
LEVELS = NoiseLevels.scaled_linear()
RECORDED = json.loads((GOLDEN / "trajectories.json").read_text())


def plan(
    strength: float | None,
    *,
    sampler: str = "euler",
    schedule: str = "automatic",
    steps: int = 20,
    policy="continuous",
    exact_steps: bool = False,
    levels: NoiseLevels = LEVELS,
    options: ScheduleOptions | None = None,
    discard_penultimate: bool = False,
    unipc_spacing: str = "time_uniform",
) -> Trajectory:
    return plan_trajectory(
        sampler=find_sampler(sampler),
        schedule=find_schedule(schedule),
        steps=steps,
        strength=strength,
        policy=policy,
        exact_steps=exact_steps,
        levels=levels,
        options=options or ScheduleOptions(),
        discard_penultimate=discard_penultimate,
        unipc_spacing=unipc_spacing,
    )


# --- A1111 --------------------------------------------------------------------------------


def test_steps_of_a1111() -> None:
    for exact, steps, strength, *expected in json.loads((GOLDEN / "img2img_steps.json").read_text()):
        assert a1111_steps(steps, strength, exact) == tuple(expected), (exact, steps, strength)


def recorded(row) -> Trajectory:
    levels = NoiseLevels.scaled_linear(grid=row["grid"])
    return plan(
        row["strength"],
        sampler=row["sampler"],
        schedule=row["schedule"],
        steps=row["steps"],
        policy="a1111",
        exact_steps=row["exact_steps"],
        levels=levels.zero_terminal_snr() if row["zero_terminal_snr"] else levels,
    )


@pytest.mark.parametrize(
    "row",
    [row for row in RECORDED if "sigmas" in row and not find_sampler(row["sampler"]).stops_above_zero],
    ids=lambda row: row["case"],
)
def test_a_run_is_the_end_of_a1111s_table(row) -> None:
    whole, run = np.array(row["sigmas"]), recorded(row)
    length = len(whole)
    if row["strength"] is not None:
        length = a1111_steps(row["steps"], row["strength"], row["exact_steps"])[1] + 2
    np.testing.assert_allclose(run.sigmas, whole[-length:], rtol=1e-6)
    assert run.start_sigma == run.sigmas[0]
    assert (run.sigma_min, run.sigma_max) == pytest.approx((whole[-2], whole[0]), rel=1e-6)
    assert run.source_weight == (0 if row["strength"] is None else 1)
    assert (run.end_scale, run.unit_start) == (1, False)


@pytest.mark.parametrize("row", [row for row in RECORDED if "timesteps" in row], ids=lambda row: row["case"])
def test_timestep_samplers_run_on_a1111s_timesteps(row) -> None:
    timesteps, run = row["timesteps"], recorded(row)
    levels = NoiseLevels.scaled_linear()
    levels = levels.zero_terminal_snr() if row["zero_terminal_snr"] else levels
    start = len(timesteps) if row["strength"] is None else a1111_steps(row["steps"], row["strength"], False)[1]
    ran = timesteps[: max(start, 1)]
    if row["sampler"] == "UniPC":
        ran = np.linspace(0, 999 if row["strength"] is None else ran[-1], len(ran) + 1)
    assert [levels.t(sigma) for sigma in run.sigmas] == pytest.approx(list(ran)[::-1], abs=2e-3)
    if row["strength"] is None:
        assert run.unit_start and run.source_weight == 0
    else:
        assert levels.t(run.start_sigma) == pytest.approx(timesteps[start], abs=1e-3)
    assert run.end_scale == pytest.approx(1 / math.hypot(1, run.sigmas[-1]))


A1111_TABLE = {0: 1, 0.01: 1, 0.05: 2, 0.3: 7, 0.5: 11, 0.6: 13, 0.75: 16, 0.95: 20, 1.0: 20}
A1111_DDIM = {0: 0, 0.01: 0, 0.05: 0, 0.3: 5, 0.5: 9, 0.6: 11, 0.75: 14, 0.95: 18, 1.0: 18}
A1111_DDIM_30 = {0.3: 8, 0.5: 14, 0.6: 17, 0.75: 21, 0.95: 27, 1.0: 28}


def test_executed_steps_of_a1111() -> None:
    assert {s: plan(s, policy="a1111").steps for s in A1111_TABLE} == A1111_TABLE
    assert {s: plan(s, policy="a1111", sampler="ddim").steps for s in A1111_DDIM} == A1111_DDIM
    assert {s: plan(s, policy="a1111", sampler="ddim", steps=30).steps for s in A1111_DDIM_30} == A1111_DDIM_30
    assert {plan(s, policy="a1111", exact_steps=True).steps for s in (0.01, 0.3, 0.5, 0.95, 1.0)} == {20}


@pytest.mark.parametrize("sampler", ["ddim", "ddim_cfgpp", "plms", "unipc"])
def test_strength_0_of_a1111s_timestep_samplers_only_adds_noise(sampler: str) -> None:
    run = plan(0.0, policy="a1111", sampler=sampler)
    assert run.steps == 0 and run.sigmas == (run.start_sigma,)
    assert run.start_sigma == LEVELS.sigmas[1]


def test_exact_steps_at_strength_0_run_nothing() -> None:
    for sampler in ("euler", "ddim"):
        assert plan(0.0, policy="a1111", sampler=sampler, exact_steps=True).sigmas == ()


@pytest.mark.parametrize(("sampler", "strength"), [("ddim", 0.01), ("euler", 1e-7), ("euler", 1e-310)])
def test_a_table_that_cannot_be_is_refused(sampler: str, strength: float) -> None:
    with pytest.raises(RequestError, match="raise it above .*, or turn exact_steps off"):
        plan(strength, policy="a1111", sampler=sampler, exact_steps=True)


def test_the_refusal_names_a_strength_that_works() -> None:
    with pytest.raises(RequestError, match="above 0.02,"):
        plan(0.019, policy="a1111", sampler="ddim", exact_steps=True)
    assert plan(0.0201, policy="a1111", sampler="ddim", exact_steps=True).steps == 18


def test_samplers_that_place_their_levels_get_ends_and_number() -> None:
    table = plan(0.6, policy="a1111", schedule="karras").sigmas
    for sampler in ("dpm_fast", "dpm_adaptive"):
        run = plan(0.6, policy="a1111", sampler=sampler, schedule="karras")
        assert len(run.sigmas) == len(table)
        assert (run.sigmas[0], run.sigmas[-1]) == pytest.approx((table[0], table[-2]))
        whole = plan(None, policy="a1111", sampler=sampler, schedule="sgm_uniform")
        assert (whole.sigmas[0], whole.sigmas[-1]) == pytest.approx((LEVELS.sigma_max, LEVELS.sigma_min))


def test_discarding_the_penultimate_level_keeps_the_number_of_steps() -> None:
    usual, without = (plan(None, policy="a1111", discard_penultimate=flag).sigmas for flag in (False, True))
    assert len(without) == len(usual) and without[-2] > usual[-2]
    more = plan(None, policy="a1111", steps=21).sigmas
    assert without == (*more[:-2], 0.0)


@pytest.mark.parametrize("spacing", ["time_uniform", "time_quadratic", "logsnr"])
def test_spacings_of_unipc_share_their_ends(spacing: str) -> None:
    run = plan(0.6, policy="a1111", sampler="unipc", steps=8, unipc_spacing=spacing)
    assert len(run.sigmas) == 5 and np.all(np.diff(run.sigmas) < 0)
    assert [LEVELS.t(run.sigmas[index]) for index in (0, -1)] == pytest.approx([376, 0], abs=2e-3)


# --- continuous ---------------------------------------------------------------------------

rows = pytest.mark.parametrize("schedule", [row.name for row in SCHEDULES])
strengths = st.floats(0.001, 1, exclude_max=True)


@rows
def test_strength_1_is_txt2img_from_pure_noise(schedule: str) -> None:
    run = plan(1.0, schedule=schedule)
    assert run == plan(None, schedule=schedule)
    assert run.source_weight == 0 and run.steps == 20


def test_strength_1_is_the_schedules_own_table() -> None:
    for row in SCHEDULES:
        table = row.function(20, LEVELS, ScheduleOptions())
        assert plan(1.0, schedule=row.name).sigmas == (*table[:20], 0.0)


@rows
@pytest.mark.parametrize("exact_steps", [False, True])
def test_strength_0_runs_nothing(schedule: str, exact_steps: bool) -> None:
    run = plan(0.0, schedule=schedule, exact_steps=exact_steps)
    assert run.sigmas == () and run.steps == 0 and run.source_weight == 1


@rows
@given(strength=strengths, steps=st.integers(1, 150), exact=st.booleans(), discard=st.booleans())
def test_every_run_descends_strictly_to_0(
    schedule: str, strength: float, steps: int, exact: bool, discard: bool
) -> None:
    run = plan(strength, schedule=schedule, steps=steps, exact_steps=exact, discard_penultimate=discard)
    assert run.sigmas[-1] == 0 and np.all(np.diff(run.sigmas) < 0)
    assert 1 <= run.steps <= steps and (run.steps == steps or not exact)
    assert run.sigma_min <= run.sigmas[-2] and run.sigma_max >= run.sigmas[0] == run.start_sigma


@rows
@given(strength=strengths, steps=st.integers(2, 60))
def test_strength_is_a_level_whatever_the_schedule(schedule: str, strength: float, steps: int) -> None:
    top = plan(1.0, schedule=schedule, steps=steps).sigmas[0]
    level = LEVELS.sigma(strength * 999)
    assert plan(strength, schedule=schedule, steps=steps).start_sigma == pytest.approx(min(level, top))


@rows
@given(pair=st.tuples(strengths, strengths), steps=st.integers(1, 60))
def test_more_strength_is_never_less(schedule: str, pair: tuple[float, float], steps: int) -> None:
    low, high = (plan(strength, schedule=schedule, steps=steps) for strength in sorted(pair))
    assert low.start_sigma <= high.start_sigma and low.steps <= high.steps
    assert low.source_weight >= high.source_weight


@pytest.mark.parametrize("schedule", ["uniform", "karras", "exponential", "beta"])
def test_a_run_follows_the_schedules_curve(schedule: str) -> None:
    """Starting at a level of the table gives the rest of the table."""
    whole = plan(1.0, schedule=schedule).sigmas
    for index in range(1, 19):
        strength = LEVELS.t(whole[index]) / 999
        if strength < 0.9:
            run = plan(strength, schedule=schedule)
            assert run.steps in (20 - index, 21 - index)  # a rounding may put it a hair before or behind
            if run.steps == 20 - index:
                np.testing.assert_allclose(run.sigmas, whole[index:], rtol=1e-3)


def test_the_source_fades_out_above_nine_tenths() -> None:
    weights = [plan(strength).source_weight for strength in (0.3, 0.9, 0.925, 0.95, 1.0)]
    assert weights == pytest.approx([1, 1, 0.75, 0.5, 0])


def test_one_step_goes_from_the_top_to_0() -> None:
    for row in SCHEDULES:
        assert plan(1.0, schedule=row.name, steps=1).sigmas == (LEVELS.sigma_max, 0.0)


def test_a_set_sigma_max_is_the_top() -> None:
    run = plan(0.9, schedule="karras", options=ScheduleOptions(sigma_max=5.0))
    assert run.start_sigma == pytest.approx(5.0)


@pytest.mark.parametrize("sampler", [row.name for row in SAMPLERS])
def test_every_sampler_has_a_run(sampler: str) -> None:
    for policy, steps, strength in itertools.product(("continuous", "a1111"), (1, 2, 7, 20), (None, 0.3, 1.0)):
        run = plan(strength, policy=policy, sampler=sampler, steps=steps)
        assert run.steps <= steps + 1
        assert np.all(np.diff(run.sigmas) < 0) or find_sampler(sampler).stops_above_zero
        assert run.level_stride == (20 if sampler == "lcm" else 1)


def test_lcm_starts_and_ends_at_levels_that_it_knows() -> None:
    for policy in ("continuous", "a1111"):
        run = plan(None, policy=policy, sampler="lcm", steps=8)
        assert [LEVELS.t(run.sigmas[index]) for index in (0, -2)] == pytest.approx([999, 19], abs=1e-3)


def test_zero_terminal_snr_starts_in_noise() -> None:
    levels = LEVELS.zero_terminal_snr()
    assert plan(1.0, levels=levels).sigmas[0] == pytest.approx(4518.76, abs=0.01)
    assert plan(0.5, levels=levels).start_sigma == pytest.approx(levels.sigma(499.5))
