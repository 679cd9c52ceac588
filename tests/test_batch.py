"""A batch loses no picture and does none twice, whenever it is killed."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from pentimento.batch import collect, read_table, run
from pentimento.cli.main import main
from pentimento.errors import RequestError
from pentimento.recipe import open_recipe
from tests.jobs.free import FreeStudio

RUN = """
import sys
from pathlib import Path
from pentimento.batch import collect, run
from tests.jobs.free import FreeStudio
folder, output, data = map(Path, sys.argv[1:])
items = collect(folder, output, {"steps": 2, "seed": 1})
for outcome in run(FreeStudio(data=str(data), seconds=0.02), items):
    print(outcome.state, outcome.item.source.name, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (64 + 8 * (number % 3), 64), (number * 20, 90, 30)).save(folder / f"p{number:02}.png")
    return folder


def states(folder: Path, output: Path, **values: object) -> dict[str, str]:
    studio = FreeStudio(data=str(output.parent / "data"))
    items = collect(folder, output, {"steps": 2, "seed": 1, **values})
    return {outcome.item.source.name: outcome.state for outcome in run(studio, items)}


def test_kill_at_random_moments(folder: Path, tmp_path: Path) -> None:
    output, said = tmp_path / "out", []
    for _ in range(2):
        command = [sys.executable, "-c", RUN, str(folder), str(output), str(tmp_path / "data")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said.append(process.stdout.readline().strip())
            time.sleep(random.uniform(0, 0.5))
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read().splitlines()
    assert set(states(folder, output).values()) <= {"done", "kept"}
    done = [line for line in said if line.startswith("done")]
    assert len(done) == len(set(done))
    files = sorted(output.glob("*.png"))
    assert [file.name for file in files] == [file.name for file in sorted(folder.glob("*.png"))]
    for file in files:
        with Image.open(file) as image, Image.open(folder / file.name) as source:
            image.load()
            assert image.size == source.size
    assert set(states(folder, output).values()) == {"kept"}


def test_change_is_noticed_and_failure_stops_nothing(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    (folder / "p03.png").write_bytes(b"no picture")
    first = states(folder, output)
    assert [name for name, state in first.items() if state == "failed"] == ["p03.png"]
    assert list(first.values()).count("done") == 11
    Image.new("RGB", (64, 64), "white").save(folder / "p00.png")
    (folder / "p01.json").write_text(json.dumps({"seed": 9}))
    (output / "p02.png").unlink()
    second = states(folder, output)
    assert [name for name, state in second.items() if state == "done"] == ["p00.png", "p01.png", "p02.png"]
    assert "done" not in states(folder, output).values()
    changed = states(folder, output, seed=2)
    assert [name for name, state in changed.items() if state == "kept"] == ["p01.png"]


def test_refusals(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("file,seed\nnone.png,3\n")
    with pytest.raises(RequestError, match="none.png"):
        collect(folder, tmp_path / "out", {}, table=read_table(table))
    with pytest.raises(RequestError, match="written over"):
        collect(folder, folder, {})


def test_masks_by_name_and_parameters_by_picture(folder: Path, tmp_path: Path) -> None:
    masks, output, table = tmp_path / "masks", tmp_path / "out", tmp_path / "t.csv"
    masks.mkdir()
    for number in range(11):  # the last picture has none
        with Image.open(folder / f"p{number:02}.png") as source:
            mask = Image.new("L", source.size)
            mask.paste(255, (40, 0, 64, 64))
            mask.save(masks / f"p{number:02}.png")
    table.write_text("file,seed,mask_blur\np00.png,77,0\n")
    studio = FreeStudio(data=str(tmp_path / "data"))
    rows = read_table(table, lambda row: {"seed": int(row["seed"]), "mask_blur": float(row["mask_blur"])})
    items = collect(folder, output, {"steps": 2, "seed": 1, "mask_blur": 2}, masks=masks, table=rows)
    outcomes = {outcome.item.source.name: outcome for outcome in run(studio, items)}
    assert [name for name, outcome in outcomes.items() if outcome.state == "failed"] == ["p11.png"]
    assert "p11.png" in outcomes["p11.png"].error
    for number in range(11):
        name = f"p{number:02}.png"
        with Image.open(folder / name) as source, Image.open(output / name) as made:
            untouched = (0, 0, 40 if number == 0 else 24, 64)
            assert source.crop(untouched).tobytes() == made.crop(untouched).tobytes()
            assert source.crop((44, 0, 64, 64)).tobytes() != made.crop((44, 0, 64, 64)).tobytes()
    assert open_recipe(output / "p00.png").seed == 77


def test_the_command_shows_plans_and_makes_pictures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted(folder.glob("*.png"))[2:]:
        path.unlink()
    command = ["batch", str(folder), "-o", str(tmp_path / "out"), "--steps", "1", "--data", str(tmp_path), "--json"]
    assert main([*command, "--plan"]) == 0
    assert [row["plan"]["output_size"] for row in json.loads(capsys.readouterr().out)] == [[64, 64], [72, 64]]
    assert not (tmp_path / "out").exists()
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == {"done": 2, "kept": 0, "failed": 0}
    assert [path.name for path in sorted((tmp_path / "out").glob("*.png"))] == ["p00.png", "p01.png"]
