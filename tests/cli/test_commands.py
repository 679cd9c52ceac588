"""The commands, with the built-in model: files, exit codes, one-line errors, re-runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pentimento import Request, Studio, metadata
from pentimento.cli.main import COMMANDS, EXIT_CODES, let_threads_sleep, main
from pentimento.recipe import open_recipe, pixels_sha256

EXAMPLES = Path(__file__).parents[2] / "src" / "pentimento" / "examples"
GARDEN, MASK = str(EXAMPLES / "garden.png"), str(EXAMPLES / "garden_mask.png")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Terminal:
    """Runs commands in this process, with a data folder of their own."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.capsys = capsys

    def __call__(self, *words: object, data: Path | None = None) -> tuple[int, str, str]:
        code = main([*map(str, words), "--data", str(data or self.data)])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(data, capsys)


@pytest.fixture
def result(run: Terminal, tmp_path: Path) -> Path:
    path = tmp_path / "result.png"
    code, _, _ = run("inpaint", GARDEN, "--mask", MASK, "-p", "a dog", "-s", 3, "--steps", 3, "-o", path)
    assert code == 0
    return path


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.array(image)


def test_json_tells_what_was_written(run: Terminal, tmp_path: Path) -> None:
    words = ("txt2img", "-p", "a tree", "-s", 5, "--steps", 2, "--batch-size", 2, "-o", tmp_path / "new", "--json")
    code, out, _ = run(*words)
    told = json.loads(out)
    assert code == 0
    assert told["seeds"] == [5, 6]
    assert [open_recipe(file).seed for file in told["files"]] == [5, 6]
    assert sorted(map(str, (tmp_path / "new").iterdir())) == sorted(told["files"])


def test_the_command_line_and_the_library_give_the_same_pixels(result: Path) -> None:
    request = Request(prompt="a dog", init_image=GARDEN, mask=MASK, seed=3, steps=3)
    assert pixels_sha256(Studio().run(request).images[0]) == open_recipe(result).pixels


@pytest.mark.parametrize("name", ["png", "jpg", "webp", "avif"])
def test_format_by_suffix_or_by_name(run: Terminal, tmp_path: Path, name: str) -> None:
    words = ("img2img", GARDEN, "--denoising-strength", 0, "-o")
    assert run(*words, tmp_path / f"named.{name}")[0] == 0
    assert run(*words, tmp_path / "folder", "--format", name)[0] == 0
    with Image.open(tmp_path / f"named.{name}") as named, Image.open(next((tmp_path / "folder").iterdir())) as other:
        assert named.format == other.format
        assert metadata.find_format(str(named.format)) is metadata.find_format(name)


def test_plan_runs_and_writes_nothing(run: Terminal, tmp_path: Path) -> None:
    words = ("inpaint", GARDEN, "--mask", MASK, "--denoising-strength", 0.5, "--plan", "-o", tmp_path / "new")
    code, out, _ = run(*words, "--json")
    plan = json.loads(out)
    assert code == 0
    assert (plan["mode"], plan["output_size"]) == ("inpaint", [128, 128])
    assert 0 < plan["latent_cells_repainted"] < plan["latent_cells"] == 256
    code, out, _ = run(*words)
    assert code == 0
    assert "128x128" in out
    assert not (tmp_path / "new").exists()


def test_outpaint_grows_the_sides_that_are_named(run: Terminal, tmp_path: Path) -> None:
    words = ("outpaint", GARDEN, "--left", 16, "--bottom", "25%", "--extend-overlap", 8, "--mask-blur", 0, "-s", 3)
    plan = json.loads(run(*words, "--plan", "--json")[1])
    assert (plan["output_size"], plan["place"]) == ([144, 160], [16, 0, 144, 128])
    code, _, err = run(*words, "--steps", 2, "-o", tmp_path / "wide.png")
    assert (code, err) == (0, "")
    result, before = pixels(tmp_path / "wide.png"), pixels(GARDEN)
    assert result.shape[:2] == (160, 144)
    assert np.array_equal(result[:120, 24:, :3], before[:120, 8:, :3])
    recipe = open_recipe(tmp_path / "wide.png")
    assert (recipe.request["extend"], recipe.request["masked_content"]) == ([16, 0, 0, "25%"], "fill")


def test_warnings_go_to_stderr_with_the_way_out(run: Terminal, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    Image.new("L", (128, 128)).save(empty)
    code, out, err = run("inpaint", GARDEN, "--mask", empty, "--plan", "--json")
    assert code == 0
    assert "mask_empty" in [warning["code"] for warning in json.loads(out)["warnings"]]
    assert "[mask_empty]" in run("inpaint", GARDEN, "--mask", empty, "--plan")[2]
    assert err == ""


def test_rerun_gives_the_same_file(run: Terminal, result: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.png"
    code, _, err = run("rerun", result, "-o", again)
    assert (code, err) == (0, "")
    assert again.read_bytes() == result.read_bytes()


def test_rerun_with_something_changed(run: Terminal, result: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.png"
    code, _, err = run("rerun", result, "--set", "seed=7", "--set", "steps=2", "-o", again)
    assert (code, err) == (0, "")
    recipe = open_recipe(again)
    assert (recipe.seed, recipe.request["steps"], recipe.request["prompt"]) == (7, 2, "a dog")
    assert not np.array_equal(pixels(again), pixels(result))


def test_rerun_says_what_is_missing(run: Terminal, result: Path, tmp_path: Path) -> None:
    code, _, err = run("rerun", result, data=tmp_path / "elsewhere")
    assert code == 4
    assert "init_image" in err
    assert "mask" in err
    assert GARDEN in err


def test_an_exported_recipe_holds_its_inputs(run: Terminal, result: Path, tmp_path: Path) -> None:
    recipe, again = tmp_path / "recipe.json", tmp_path / "again.png"
    assert run("info", result, "--export", recipe)[0] == 0
    code, _, err = run("rerun", recipe, "-o", again, data=tmp_path / "elsewhere")
    assert (code, err) == (0, "")
    assert np.array_equal(pixels(again), pixels(result))


def test_info_tells_infotext_and_recipe(run: Terminal, result: Path) -> None:
    told = json.loads(run("info", result, "--json")[1])
    assert told["recipe"]["seed"] == 3
    assert told["infotext"] == metadata.read(result).infotext
    code, out, _ = run("info", result)
    assert code == 0
    assert "a dog" in out
    assert "builtin" in out


def test_verify_holds_and_fails_on_one_flipped_bit(run: Terminal, result: Path, tmp_path: Path) -> None:
    assert run("verify", result)[0] == 0
    found, changed = metadata.read(result), pixels(result)
    changed[2, 3, 1] ^= 1
    metadata.save(Image.fromarray(changed), tmp_path / "flipped.png", recipe=found.recipe)
    code, out, _ = run("verify", tmp_path / "flipped.png", "--json")
    assert code == 1
    assert json.loads(out)["difference"] == {"pixels": 1, "largest": 1, "first": [3, 2]}


def test_models_lists_the_built_in_one(run: Terminal) -> None:
    code, out, _ = run("models", "--json")
    assert code == 0
    assert [model["name"] for model in json.loads(out)][:1] == ["builtin"]


def test_doctor_finds_nothing_to_mend(run: Terminal) -> None:
    code, out, _ = run("doctor", "--json")
    findings = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert all(row["ok"] for row in findings.values())
    assert findings["device used"]["value"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2, ["txt2img", "--stepz", "3"]),
        (2, ["paint"]),
        (2, ["inpaint", GARDEN]),
        (2, ["txt2img", "--steps", "0"]),
        (2, ["txt2img", "--sampler", "eulr"]),
        (2, ["img2img", "no such picture.png"]),
        (2, ["txt2img", "-p", "a", "--batch-size", "2", "-o", "-"]),
        (2, ["txt2img", "-p", "a", "-o", "-", "--json"]),
        (2, ["txt2img", "-p", "a", "--extend", "8"]),
        (2, ["outpaint", GARDEN]),
        (2, ["outpaint", GARDEN, "--left", "wide"]),
        (2, ["txt2img", "-p", "a", "--steps", "1", "-o", "x.tga"]),
        (2, ["txt2img", "-p", "a", "--device", "abacus", "--steps", "1"]),
        (3, ["txt2img", "-p", "a", "--model", "no such model"]),
        (4, ["rerun", GARDEN]),
        (4, ["verify", GARDEN]),
        (2, ["info", "no such picture.png"]),
        (2, ["rerun", GARDEN, "--set", "seed"]),
    ],
    ids=lambda value: " ".join(value).replace(str(EXAMPLES), "") if isinstance(value, list) else None,
)
def test_errors_are_one_line_and_a_code(
    code: int, words: Sequence[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path / "data"))
    assert main(list(words)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pentimento: ")
    assert captured.err.count("\n") == 1
    assert "internal error" not in captured.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_every_code_is_told_once() -> None:
    codes = [code for code, _, _ in EXIT_CODES]
    assert len(set(codes)) == len(codes)


def test_the_list_of_commands_loads_none_of_them() -> None:
    program = (
        "import sys\n"
        "from pentimento.cli.main import main\n"
        "main(['--help'])\n"
        "heavy = {'torch', 'numpy', 'PIL', 'pydantic', 'pentimento.request'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    wide = os.environ | {"COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=wide)
    for command in (row for row in COMMANDS if " " not in row.name):
        assert command.name in done.stdout
        assert command.summary in done.stdout


def test_threads_sleep_while_they_wait_unless_the_user_has_said_how() -> None:
    nothing_said: dict[str, str] = {}
    let_threads_sleep(nothing_said)
    assert nothing_said == {"OMP_WAIT_POLICY": "PASSIVE"}
    for said in ({"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "9"}, {"KMP_BLOCKTIME": "200"}):
        heeded = dict(said)
        let_threads_sleep(heeded)
        assert heeded == said


@pytest.mark.skipif(sys.platform != "linux", reason="torch brings GNU's runtime on Linux")
def test_the_runtime_that_comes_with_torch_is_told_so() -> None:
    program = "from pentimento.cli.main import main; main(['--version']); import torch; torch.ones(9)"
    unset = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    environment = unset | {"OMP_DISPLAY_ENV": "TRUE"}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


def test_the_picture_goes_through_a_pipe(tmp_path: Path) -> None:
    environment = os.environ | {"PENTIMENTO_DATA": str(tmp_path)}
    words = [sys.executable, "-m", "pentimento", "img2img", "-", "--denoising-strength", "0", "-o", "-"]
    done = subprocess.run(words, input=Path(GARDEN).read_bytes(), capture_output=True, check=True, env=environment)
    (tmp_path / "piped.png").write_bytes(done.stdout)
    assert np.array_equal(pixels(tmp_path / "piped.png"), pixels(Path(GARDEN)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_with_130_and_leaves_no_file(tmp_path: Path) -> None:
    environment = os.environ | {"PENTIMENTO_DATA": str(tmp_path / "data"), "FORCE_COLOR": "1"}
    words = [
        sys.executable,
        "-m",
        "pentimento",
        "txt2img",
        "-p",
        "a tree",
        "--steps",
        "1000",
        "-o",
        str(tmp_path / "o"),
    ]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        shown = b""
        while b"steps/s" not in shown:  # it runs
            read = os.read(process.stderr.fileno(), 4096)
            assert read, shown[-500:].decode(errors="replace")
            shown += read
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - asked < 30
    assert b"Traceback" not in err
    assert out == b""
    assert list(tmp_path.iterdir()) == []
