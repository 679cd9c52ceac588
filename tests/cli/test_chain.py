"""`pentimento chain`, with the built-in model: from a picture to layers and back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pentimento import Chain
from pentimento.cli.main import main

GARDEN = str(Path(__file__).parents[2] / "src" / "pentimento" / "examples" / "garden.png")
LEFT, RIGHT, OVER = "rect 8 8 24 24", "rect 88 80 24 24", "rect 20 20 24 24"
FAST = ("--steps", 2, "--inpaint-area", "only_masked", "--width", 64, "--height", 64, "--only-masked-padding", 4)


class Terminal:
    """Runs `chain` commands in this process, on one file."""

    def __init__(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = file
        self.capsys = capsys

    def __call__(self, command: str, *words: object) -> tuple[int, str, str]:
        code = main(["chain", command, str(self.file), *map(str, words)])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def told(self, command: str, *words: object) -> Any:
        code, out, err = self(command, *words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path / "data"))
    return Terminal(tmp_path / "garden.pentimento", capsys)


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_a_chain_from_the_picture_to_its_layers(run: Terminal, tmp_path: Path) -> None:
    assert run.told("new", GARDEN) == {
        "file": str(run.file),
        "size": [128, 128],
        "untouched_pixels": 128 * 128,
        "steps": [],
    }
    plan = run.told("add", "-p", "a tree", "--mask", LEFT, *FAST, "--plan")
    assert (plan["mode"], plan["output_size"]) == ("inpaint", [128, 128])
    assert run.told("show")["steps"] == []
    run.told("add", "-p", "a tree", "--mask", LEFT, "-s", 1, *FAST)
    run.told("add", "-p", "a ball", "--mask", RIGHT, "-s", 2, "--label", "ball", *FAST)
    told = run.told("add", "-p", "a house", "--mask", OVER, "-s", 3, *FAST)
    assert [(step["step"], step["label"], step["prompt"], step["seed"]) for step in told["steps"]] == [
        (1, "", "a tree", 1),
        (2, "ball", "a ball", 2),
        (3, "", "a house", 3),
    ]
    painted = Chain.open(run.file)
    assert told["untouched_pixels"] == np.count_nonzero(~painted.touched) > 9000
    for number in range(4):
        run.told("export", "-o", tmp_path / f"{number}.png", "--upto", number)
    assert np.array_equal(pixels(tmp_path / "0.png"), pixels(GARDEN))
    kept = ~painted.touched
    assert np.array_equal(pixels(tmp_path / "3.png")[kept], pixels(GARDEN)[kept])

    assert [step["stale"] for step in run.told("mute", 1)["steps"]] == [False, False, True]
    again = run.told("rerun")
    assert [(step["muted"], step["stale"]) for step in again["steps"]] == [
        (True, False),
        (False, False),
        (False, False),
    ]
    assert not np.array_equal(np.asarray(Chain.open(run.file).picture()), pixels(tmp_path / "3.png"))
    run.told("unmute", 1)
    run.told("rerun", "--from", 3)
    assert Chain.open(run.file).to_bytes() == painted.to_bytes()

    changed = run.told("rerun", 2, "--set", "seed=9", "--set", "steps=1")["steps"][1]
    assert (changed["seed"], changed["label"]) == (9, "ball")
    assert [step["seed"] for step in run.told("move", 3, 1)["steps"]] == [3, 1, 9]
    assert run.told("rename", 1, "house")["steps"][0]["label"] == "house"
    assert [step["seed"] for step in run.told("remove", 1, 3)["steps"]] == [1]
    code, out, _ = run("show")
    assert code == 0
    assert "a tree" in out
    assert "pixels are the source's" in out
    code, out, _ = run("export", "-o", tmp_path / "garden.ora")
    assert (code, out) == (0, f"{tmp_path / 'garden.ora'}\n")
    assert (tmp_path / "garden.ora").read_bytes()[30:54] == b"mimetypeimage/openraster"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", GARDEN), "is there already"),
        (("mute", 1), "it has none yet"),
        (("rerun", 4), "it has none yet"),
        (("rerun", "--set", "seed=3"), "name it"),
        (("export", "-o", "x.tga"), "'.tga' is not known"),
        (("add", "--extend", "8"), "keeps the size"),
        (("add", "--batch-size", "2"), "a step is one"),
        (("add", "--mask", "no such mask.png"), "there is no file"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_one_line_and_code_2(run: Terminal, words: tuple[object, ...], told: str) -> None:
    run("new", GARDEN)
    before = run.file.read_bytes()
    code, out, err = run(str(words[0]), *words[1:])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert run.file.read_bytes() == before


def test_what_is_no_chain_is_refused(run: Terminal) -> None:
    code, _, err = run("show")
    assert code == 2
    assert "there is no file" in err
    run.file.write_bytes(b"text")
    assert run("mute", 1)[0] == 2
    assert run.file.read_bytes() == b"text"


def test_two_that_change_one_file_do_not_lose_a_step(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    run("new", GARDEN)
    other = Chain.open(run.file)
    paint = Chain.paint

    def meanwhile(self: Chain, *args: Any) -> Chain:
        other.save(run.file)
        return paint(self, *args)

    monkeypatch.setattr(Chain, "paint", meanwhile)
    code, _, err = run("add", "--mask", LEFT, "-s", 1, *FAST)
    assert code == 2
    assert "changed by another program meanwhile" in err
