"""A batch loses no picture and does none twice, whenever it is killed."""

import json
import random
import shutil
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
from pentimento.folder_lock import FolderInUse
from pentimento.recipe import ScriptRecord, export, open_recipe
from pentimento.request import Request
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


def test_ctrl_c_leaves_nothing_torn_and_the_same_command_goes_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    command = ["batch", str(folder), "-o", str(output), "--steps", "2", "-s", "1", "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        [sys.executable, "-m", "pentimento", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        told, error = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in error
    assert "the same command goes on" in error
    done = {line.split()[1].removesuffix(":") for line in [first, *told.splitlines()] if ": done" in line}
    before = {file.name: file.read_bytes() for file in output.glob("*.png")}
    assert done <= set(before)
    assert len(before) < 12
    assert not list((output / ".batch").glob("*.tmp"))
    assert main([*command, "--json"]) == 0
    kept = {row["file"] for row in json.loads(capsys.readouterr().out)["pictures"] if row["state"] == "kept"}
    assert kept == set(before)
    for name, data in before.items():
        assert (output / name).read_bytes() == data
    assert len(list(output.glob("*.png"))) == 12


def test_two_batches_into_one_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    items = collect(folder, output, {"steps": 2, "seed": 1})
    studio = FreeStudio(data=str(tmp_path / "data"))
    first = run(studio, items)
    assert next(first).state == "done"
    with pytest.raises(FolderInUse, match=r"folder of results .*\.batch is in use by the process with pid"):
        next(run(studio, items))
    first.close()
    assert [outcome.state for outcome in run(studio, items)] == ["kept", *["done"] * 11]


def test_folders_below_are_kept(folder: Path, tmp_path: Path) -> None:
    output, masks = folder / "results", folder / "masks"
    for below in ("a", "a/b", ".hidden"):
        (folder / below).mkdir()
        shutil.copy(folder / "p00.png", folder / below / "p00.png")
        (masks / below).mkdir(parents=True)
        Image.new("L", (64, 64), 255).save(masks / below / "p00.png")
    for path in folder.glob("p*.png"):
        path.unlink()
    assert collect(folder, output, {}) == []
    rows = {"a/b/p00.png": {"seed": 4}}
    items = collect(folder, output, {"steps": 1, "seed": 1}, masks=masks, table=rows, recursive=True)
    assert [(item.name, item.mask) for item in items] == [
        ("a/b/p00.png", masks / "a" / "b" / "p00.png"),
        ("a/p00.png", masks / "a" / "p00.png"),
    ]
    studio = FreeStudio(data=str(tmp_path / "data"))
    assert {outcome.state for outcome in run(studio, items)} == {"done"}
    assert open_recipe(output / "a" / "b" / "p00.png").seed == 4
    assert open_recipe(output / "a" / "p00.png").seed == 1
    again = collect(folder, output, {"steps": 1, "seed": 1}, masks=masks, table=rows, recursive=True)
    assert {outcome.state for outcome in run(studio, again)} == {"kept"}
    (output / "a" / "p00.png").unlink()
    assert [outcome.state for outcome in run(studio, again)] == ["kept", "done"]


def test_a_recipe_beside_a_picture_says_all_of_it(folder: Path, tmp_path: Path) -> None:
    studio = FreeStudio(data=str(tmp_path / "data"))
    mask = Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 64))
    made = studio.run(Request(init_image=folder / "p03.png", mask=mask, mask_blur=0, seed=5, steps=2, prompt="a boat"))
    made.save(tmp_path / "once.png")
    recipe = open_recipe(tmp_path / "once.png")
    (folder / "p03.json").write_text(recipe.to_json())
    (folder / "p06.json").write_text(export(recipe, studio.inputs).to_json())
    (folder / "p09.json").write_text(recipe.model_copy(update={"script": ScriptRecord(name="loopback")}).to_json())
    output = tmp_path / "out"
    outcomes = {one.item.name: one for one in run(studio, collect(folder, output, {"steps": 1, "seed": 1}))}
    assert [name for name, one in outcomes.items() if one.state == "failed"] == ["p09.png"]
    assert "pentimento rerun" in outcomes["p09.png"].error
    assert open_recipe(output / "p03.png").pixels == recipe.pixels
    for name in ("p03.png", "p06.png"):
        told = open_recipe(output / name)
        assert (told.seed, told.request["steps"], told.request["prompt"]) == (5, 2, "a boat")
        assert told.inputs["mask"].sha256 == recipe.inputs["mask"].sha256
        with Image.open(folder / name) as source, Image.open(output / name) as image:
            assert source.crop((0, 0, 32, 64)).tobytes() == image.crop((0, 0, 32, 64)).tobytes()
    assert open_recipe(output / "p00.png").seed == 1
    shutil.rmtree(tmp_path / "data")
    (output / "p03.png").unlink()
    lost = {one.item.name: one for one in run(studio, collect(folder, output, {"steps": 1, "seed": 1}))}
    assert "mask" in lost["p03.png"].error
    assert lost["p06.png"].state == "kept"


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
