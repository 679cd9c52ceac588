"""`pentimento models catalogue`, `download`, `find`, against a hub on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentimento.cli.main import main
from pentimento.models.catalogue import catalogue
from pentimento.models.find import BUILTIN
from tests.hub import LocalHub, serving

HUB = "Lykon/dreamshaper-8"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    with serving() as running:
        running.put(HUB, BUILTIN)
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        yield running


def test_the_catalogue_tells_size_and_licence_of_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "catalogue", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told] == [offer.name for offer in catalogue()]
    assert all(row["size_bytes"] and row["licence"] and row["licence_url"].startswith("https://") for row in told)
    assert main(["models", "catalogue"]) == 0
    text = capsys.readouterr().out
    assert all(offer.name in text for offer in catalogue())


def test_what_was_fetched_is_listed_with_its_licence_and_planned(
    hub: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "download", "DreamShaper 8"]) == 0
    place = tmp_path / "data" / "models" / "dreamshaper-8"
    assert capsys.readouterr().out == f"{place}\n"
    assert main(["models", "--json"]) == 0
    row = next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "dreamshaper-8")
    assert (row["path"], row["licence"]) == (str(place), "CreativeML Open RAIL-M")
    assert main(["txt2img", "-p", "a tree", "--model", "dreamshaper-8", "--plan", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "dreamshaper-8"


def test_refusals_are_one_line_and_exit_code_3(hub: LocalHub, capsys: pytest.CaptureFixture[str]) -> None:
    for name, says in (("nonsense", "is no name of the catalogue"), ("nobody/nothing", "the hub has no model")):
        assert main(["models", "download", name]) == 3
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_what_has_arrived_and_says_how_to_go_on(hub: LocalHub, tmp_path: Path) -> None:
    hub.bytes_per_second = 5e6
    words = [sys.executable, "-m", "pentimento", "models", "download", HUB]
    part = tmp_path / "data" / "models" / ".downloads"
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        while not any(file.stat().st_size > 2e6 for file in part.glob("*/parts/unet/*.safetensors")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "are kept: the same command goes on from there" in error and "Traceback" not in error
    hub.bytes_per_second = None
    hub.asked.clear()
    assert main(["models", "download", HUB]) == 0
    assert any(asked for _, asked, _ in hub.asked)


def test_folders_of_other_programs_are_found_and_used(
    hub: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    homes = tmp_path / "home"
    for name, place in (("webui", "models/Stable-diffusion"), ("forge", "models/Stable-diffusion")):
        (homes / name / place).mkdir(parents=True)
    (homes / "forge" / "modules_forge").mkdir()
    shutil.copytree(BUILTIN, homes / "deep" / "ComfyUI" / "models" / "checkpoints" / "theirs")
    assert main(["models", "find", "--use", "--json"]) == 0
    found = {row["path"]: (row["application"], row["models"]) for row in json.loads(capsys.readouterr().out)}
    assert {path: row for path, row in found.items() if path.startswith(str(homes))} == {
        str(homes / "webui"): ("A1111", 0),
        str(homes / "forge"): ("Forge", 0),
        str(homes / "deep" / "ComfyUI"): ("ComfyUI", 1),
    }
    assert main(["models", "--json"]) == 0
    assert "theirs" in {row["name"] for row in json.loads(capsys.readouterr().out)}
