"""The commands of scripts: a sheet and its table, plans, refusals."""

import json
from pathlib import Path

import pytest
from PIL import Image

from pentimento.cli.main import COMMANDS, main
from pentimento.recipe import open_recipe
from pentimento.scripts import SCRIPTS

GARDEN = str(Path(__file__).parents[2] / "src" / "pentimento" / "examples" / "garden.png")


def test_every_script_is_a_command_with_its_summary() -> None:
    rows = {row.name: row.summary for row in COMMANDS if row.module == "scripts"}
    assert rows == {script.name.replace("_", "-"): script.summary for script in SCRIPTS}


def test_a_sheet_its_pictures_and_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.webp"
    words = [
        "sheet",
        GARDEN,
        "--x",
        "steps=1,2",
        "--no-legend",
        "-s",
        "3",
        "-o",
        str(page),
        "--data",
        str(tmp_path / "d"),
    ]
    assert main(words) == 0
    first, *pictures = capsys.readouterr().out.split()
    assert first == str(page)
    with Image.open(page) as opened:
        assert opened.size == (256, 128)
    table = json.loads((tmp_path / "page.json").read_text())
    assert [row["file"] for row in table] == pictures
    assert [open_recipe(file).request["steps"] for file in pictures] == [1, 2]


def test_a_plan_counts_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["loopback", GARDEN, "--loops", "3", "--curve", "lazy", "--plan", "--json", "-o", str(tmp_path / "new")]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["runs"], told["pictures"], told["options"]["curve"]) == (3, 3, "lazy")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sheet", "--x", "stepz=1"], "did you mean 'steps'"),
        (["loopback", GARDEN, "--curve", "steep"], "curve"),
        (["outpainting-mk2", GARDEN, "--directions", "left,north"], "directions"),
        (["loopback", GARDEN, "-o", "-"], "output"),
    ],
)
def test_refusals_are_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
