"""Flags are the request's fields: all of them, with its defaults, in its words."""

import inspect
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from pentimento import Request, choices
from pentimento.cli.generate import img2img, inpaint, txt2img
from pentimento.cli.main import Command, build_app, single_commands
from pentimento.cli.options import assignments, given, shown_default
from pentimento.diffusion.samplers import SAMPLERS
from pentimento.diffusion.schedules import SCHEDULES
from pentimento.errors import RequestError
from pentimento.labels import GROUPS, LABELS

PICTURES = {"init_image", "mask"}
GENERATORS = {"txt2img": txt2img, "img2img": img2img, "inpaint": inpaint}


def flags(function: Any) -> dict[str, str]:
    """Give the first flag of every parameter, by its name."""
    return {
        name: str(get_args(parameter.annotation)[-1].default)
        for name, parameter in inspect.signature(function).parameters.items()
    }


@pytest.mark.parametrize("mode", GENERATORS)
def test_every_field_is_a_flag(mode: str) -> None:
    found = flags(GENERATORS[mode])
    for field in set(Request.model_fields) - PICTURES:
        assert found[field].split("/")[0] == "--" + field.replace("_", "-")


def test_pictures_are_arguments_where_they_are_needed() -> None:
    assert not PICTURES & set(flags(txt2img))
    assert set(flags(img2img)) & PICTURES == {"init_image"}
    assert set(flags(inpaint)) & PICTURES == PICTURES


@pytest.mark.parametrize("name", [name for name, field in Request.model_fields.items() if shown_default(field)])
def test_the_default_that_help_shows_is_the_default(name: str) -> None:
    field = Request.model_fields[name]
    text: Any = shown_default(field)
    assert getattr(Request(**given({name: text})), name) == field.default


@pytest.mark.parametrize("mode", GENERATORS)
def test_a_flag_that_is_not_given_is_not_set(mode: str) -> None:
    defaults = {name: parameter.default for name, parameter in inspect.signature(GENERATORS[mode]).parameters.items()}
    fields = {name: value for name, value in defaults.items() if name in Request.model_fields}
    assert set(
        given({name: None if value is inspect.Parameter.empty else value for name, value in fields.items()})
    ) == (set())


def test_every_field_has_a_label_and_groups_begin_at_fields_in_their_order() -> None:
    order = list(Request.model_fields)
    assert list(LABELS) == order
    places = [order.index(group.first) for group in GROUPS]
    assert places == sorted(places)
    assert places[0] == 0


@pytest.mark.parametrize("table", choices.TABLES, ids=lambda table: table.field)
def test_names_labels_and_aliases_are_taken_in_any_case(table: choices.Choices) -> None:
    for row in table.rows:
        for word in (row.name, row.label, row.label.upper(), f" {row.name.title()} ", *row.aliases):
            assert getattr(Request(**given({table.field: word})), table.field) == row.name


@pytest.mark.parametrize(
    ("field", "row"),
    [*(("sampler", row) for row in SAMPLERS), *(("schedule", row) for row in SCHEDULES)],
    ids=lambda value: getattr(value, "name", value),
)
def test_samplers_and_schedules_by_name_and_label(field: str, row: Any) -> None:
    for word in (row.name, row.label, row.label.lower(), row.name.upper()):
        assert getattr(Request(**given({field: word})), field) == row.name


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("mask_blur", "4", (4.0, 4.0)),
        ("mask_blur", "1.5,7", (1.5, 7.0)),
        ("seed_resize", "640x480", (640, 480)),
        ("seed_resize", "640, 480", (640, 480)),
        ("seed_resize", "512", (512, 512)),
        ("steps", "7", 7),
        ("eta", "0.5", 0.5),
        ("styles", ["a", "b, c"], ("a", "b, c")),
        ("tiling", True, True),
        ("extend", "128px,0,25%,12.50%", (128, 0, "25%", "12.5%")),
        ("extend", "10%", ("10%",) * 4),
    ],
)
def test_values(field: str, text: Any, value: object) -> None:
    assert getattr(Request(**given({field: text})), field) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [("mask_blur", "a"), ("mask_blur", "1,2,3"), ("seed_resize", "5.5x4"), ("steps", "0"), ("steps", "many")],
)
def test_what_cannot_be_read_is_refused_by_its_field(field: str, text: str) -> None:
    with pytest.raises(RequestError, match=f"^{field}: "):
        Request(**given({field: text}))


def test_assignments_read_fields_as_flags_do() -> None:
    changed = Request(prompt="a house").changed(**assignments(["seed=7", "mask-blur=3", "styles=a,b", "tiling=yes"]))
    assert (changed.seed, changed.mask_blur, changed.styles, changed.tiling) == (7, (3.0, 3.0), ("a", "b"), True)
    with pytest.raises(RequestError, match="did you mean 'steps'"):
        Request(**assignments(["stepz=3"]))


@pytest.mark.parametrize(("words", "command"), list(single_commands()))
def test_help_of_every_command_names_its_flags(words: str, command: Command) -> None:
    asked = [*words.split(), "--help"]
    result = CliRunner().invoke(build_app({asked[0]}), asked, env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    for parameter in inspect.signature(command.load()).parameters.values():
        option = get_args(parameter.annotation)[-1]
        if not option.hidden and isinstance(option.default, str):
            assert option.default.split("/")[0] in result.output
