"""`pentimento mask`: drawn, found between two pictures, refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentimento.cli.main import main


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    image = Image.new("RGB", (40, 30), "#204060")
    image.save(first)
    image.paste("#214060", (0, 0, 10, 10))
    image.paste("#ff0000", (20, 10, 30, 20))
    image.save(second)
    return first, second


def drawn(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        assert image.mode == "L"
        return np.asarray(image)


def test_a_mask_is_drawn_for_a_picture(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "masks" / "m.png"
    assert main(["mask", str(pictures[0]), "rect 50% 0 50% 100%", "-o", str(out)]) == 0
    assert "600 of 1200 pixels masked (50.0%)" in capsys.readouterr().out
    assert (drawn(out)[:, 20:] == 255).all()
    assert (drawn(out)[:, :20] == 0).all()


def test_what_differs_between_two_pictures(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "m.png", ["mask", str(pictures[0])]
    assert main([*words, "--other", str(pictures[1]), "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pixels"] == 200
    assert main([*words, "difference 1; grow 2", "--other", str(pictures[1]), "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["box"] == [18, 8, 32, 22]


def test_refusals(pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["-o", str(tmp_path / "m.png")]
    for words, told in (([], "nothing says what to mask"), (["difference 1"], "--other FILE"), (["rectt 1"], "rect")):
        assert main(["mask", str(pictures[0]), *words, *out]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.count("\n") == 1
    assert not (tmp_path / "m.png").exists()
