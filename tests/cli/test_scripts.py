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


RED, BLUE = "mask='rect 8 54 40 58' prompt='a red house'", "mask='rect 70 70 50 50' prompt='a blue ball' steps=1"


def test_regions_as_text_and_from_a_file_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "regions.json"
    file.write_text(
        json.dumps(
            [
                {"mask": "rect 8 54 40 58", "prompt": "a red house"},
                {"mask": "rect 70 70 50 50", "prompt": "a blue ball", "steps": 1},
            ]
        )
    )
    told: list[dict[str, object]] = []
    for words in (["--region", RED, "--region", BLUE], ["--region", str(file)]):
        assert main(["regions", GARDEN, *words, "--steps", "2", "-s", "3", "--plan", "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    assert [part["prompt"] for part in told[0]["parts"]] == ["a red house", "a blue ball"]
    assert [part["steps"] for part in told[0]["parts"]] == [2, 1]


def test_regions_are_painted_verified_and_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, again, data = str(tmp_path / "made.png"), str(tmp_path / "again.png"), ["--data", str(tmp_path / "d")]
    words = ["regions", GARDEN, "--region", RED, "--region", BLUE, "--steps", "1", "-s", "3", "-o", made]
    assert main([*words, *data]) == 0
    assert main(["verify", made, *data]) == 0
    assert main(["rerun", made, "-o", again, *data]) == 0
    assert "all " in capsys.readouterr().out
    with Image.open(made) as first, Image.open(again) as second:
        assert first.tobytes() == second.tobytes()


def test_a_row_of_the_plan_is_a_detail(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["detail", GARDEN, "--boxes", "10% 40% 40% 50%, 70 70 40 40", "--detail-prompt", "a house [SEP] a ball"]
    assert main([*words, "--grow", "0", "--mask-blur", "0", "--only-masked-padding", "0", "-s", "3", "--plan"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any(row.startswith("Detail 1") and "at 128x128; strength 0.4" in row for row in rows)
    assert any(row.startswith("Detail 2") and " 40x40 at 70, 70," in row for row in rows)


def test_further_passes_are_options_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["detail", GARDEN, "--boxes", "10% 40% 40% 50%", "-s", "3", "--plan", "--json"]
    then = "boxes='70 70 40 40, 8 8 20 20' detail-prompt='a ball' detail-fields='steps=2' order=as_given"
    assert main([*words, "--then", then, "--then", "boxes='9 9 30 30'"]) == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert [(part["label"], part["prompt"]) for part in parts[1:3]] == [("detail 2", "a ball"), ("detail 3", "a ball")]
    assert len(parts) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["detail", GARDEN, "--boxes", "1 1 9 9", "--then", "boxez=1"], "did you mean 'boxes'"),
        (["detail", GARDEN, "--boxes", "1 1 9 9", "--then", "boxes"], "then: 'boxes' is not name=value"),
        (["sheet", "--x", "stepz=1"], "did you mean 'steps'"),
        (["loopback", GARDEN, "--curve", "steep"], "curve"),
        (["outpainting-mk2", GARDEN, "--directions", "left,north"], "directions"),
        (["loopback", GARDEN, "-o", "-"], "output"),
        (["regions", GARDEN], "give at least one"),
        (["regions", GARDEN, "--region", "mask=all stepz=3"], "did you mean 'steps'"),
        (["regions", GARDEN, "--region", "mask=all prompt=a ball"], "'ball' is not name=value"),
        (["regions", GARDEN, "--region", "mask='all"], "cannot be read"),
        (["regions", GARDEN, "--region", "none.json"], "none.json cannot be read"),
        (["detail", GARDEN], "give boxes, or give a detector_model, or give a mask"),
        (["detail", GARDEN, "--boxes", "1 2 3"], "is no box"),
    ],
)
def test_refusals_are_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
