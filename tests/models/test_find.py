"""Where models are looked for, and how one is called."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pentimento import Request, Studio
from pentimento.errors import DownloadError, ModelFileError, ModelNotFoundError, RequestError
from pentimento.files import cache_dir
from pentimento.models import hub
from pentimento.models.find import BUILTIN, Library, scan
from pentimento.models.hashes import content_hash, file_hash


@pytest.fixture
def models(tmp_path: Path, tiny: Any) -> Path:
    """A folder with: One.safetensors, deep/two (a folder), a LoRA-like file, a pickle, a hidden folder."""
    folder, single = tiny("sd1", False)
    root = tmp_path / "models"
    (root / "deep").mkdir(parents=True)
    (root / ".trash").mkdir()
    shutil.copy(single, root / "One.safetensors")
    shutil.copy(single.with_suffix(".yaml"), root / "One.yaml")
    shutil.copytree(folder, root / "deep" / "two")
    shutil.copy(single, root / ".trash" / "hidden.safetensors")
    shutil.copy(folder / "vae" / "diffusion_pytorch_model.safetensors", root / "colours.safetensors")
    (root / "old.ckpt").write_bytes(b"PK\x03\x04")
    return root


def own(library: Library) -> list[str]:
    return [info.name for info in library.models if info.kind != "builtin"]


def test_scan_finds_files_and_folders_and_says_what_the_rest_is(models: Path) -> None:
    library = scan([models])
    assert sorted(own(library)) == ["One", "two"]
    reasons = {other.path.name: other.reason for other in library.unusable}
    assert "is a VAE" in reasons["colours.safetensors"]
    assert "is a pickle" in reasons["old.ckpt"]


@pytest.mark.parametrize("place", ["models/Stable-diffusion", "models/checkpoints", "models/diffusers"])
def test_folders_of_other_programs_are_known(tmp_path: Path, tiny: Any, place: str) -> None:
    _, single = tiny("sd1", False)
    (tmp_path / place / "sub").mkdir(parents=True)
    (tmp_path / "models" / "Lora").mkdir()
    shutil.copy(single, tmp_path / place / "sub" / "mine.safetensors")
    (tmp_path / "models" / "Lora" / "style.safetensors").write_bytes(b"")
    library = scan([tmp_path])
    assert own(library) == ["mine"]
    assert library.unusable == ()


def test_links_in_circles_end(models: Path) -> None:
    (models / "deep" / "up").symlink_to(models, target_is_directory=True)
    assert sorted(own(scan([models, models]))) == ["One", "two"]


def test_a_file_or_a_model_folder_can_be_given_itself(models: Path) -> None:
    assert own(scan([models / "One.safetensors", models / "deep" / "two"])) == ["One", "two"]


def test_a_studio_takes_one_folder_or_many(models: Path) -> None:
    names = [sorted(info.name for info in Studio(given).models()) for given in (models, str(models), [models])]
    assert "One" in names[0] and names[0] == names[1] == names[2]


def test_styles_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"^styles: .*gone\.csv cannot be read"):
        Studio(styles=tmp_path / "gone.csv").plan(Request(styles=["ink"]))


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="nowhere is not there"):
        scan([tmp_path / "nowhere"])


def test_every_way_to_call_a_model(models: Path) -> None:
    library = scan([models])
    one = next(info for info in library.models if info.name == "One")
    words = [
        "One",
        "one",
        "ONE.SAFETENSORS",
        "models/one",
        str(one.path),
        one.title,
        f"one [{one.hash}]",
        f"renamed since [{one.hash}]",
        one.hash,
        one.full_hash.upper(),
    ]
    assert {library.find(word).path for word in words} == {one.path}
    assert library.find("deep/two").name == library.find("TWO").name == "two"


def test_a_title_whose_content_is_not_there_is_not_found(models: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no model is called"):
        scan([models]).find("One [0123456789]")


def test_two_of_one_name_need_a_path(models: Path) -> None:
    (models / "more").mkdir()
    shutil.copy(models / "One.safetensors", models / "more" / "one.safetensors")
    library = scan([models])
    assert library.find("One").path == models / "One.safetensors"  # the exact spelling is only one
    with pytest.raises(ModelNotFoundError, match="in several places.*give the path"):
        library.find("ONE")
    assert library.find("more/one").path == models / "more" / "one.safetensors"


def test_unknown_names_get_near_ones(models: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model is called 'Onne'; did you mean One\?"):
        scan([models]).find("Onne")


def test_a_name_that_is_something_else_says_so(models: Path) -> None:
    library = scan([models])
    with pytest.raises(ModelFileError, match="is a VAE"):
        library.find("colours")
    with pytest.raises(ModelFileError, match="is a pickle"):
        library.find("old")


def test_a_path_outside_the_folders_is_taken(models: Path) -> None:
    assert scan().find(models / "One.safetensors").kind == "file"


def test_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert file_hash(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_hash_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    first = file_hash(path)
    stat = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file_hash(path) == first  # same size and time: taken from memory
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert file_hash(path) != first
    (cache_dir() / "hashes.json").write_text("not json")
    assert file_hash(path) != first


def test_hash_of_a_folder_follows_its_weights(models: Path) -> None:
    folder = models / "deep" / "two"
    before = content_hash(folder)
    (folder / "notes.txt").write_text("other")
    assert content_hash(folder) == before
    shutil.copy(folder / "vae" / "diffusion_pytorch_model.safetensors", folder / "more.safetensors")
    assert content_hash(folder) != before


def test_hub_models_are_fetched_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path))
    library = scan()
    for name in ("somebody/something", "sd-1.5"):
        with pytest.raises(ModelNotFoundError, match=f"fetch it: pentimento models download {name}"):
            library.find(name)
        with pytest.raises(DownloadError, match="cannot be fetched: HF_HUB_OFFLINE is set; unset it"):
            library.find(name, allow_download=True)


def test_only_what_makes_a_model_is_fetched() -> None:
    wanted = ["model_index.json", "scheduler/scheduler_config.json", "tokenizer/merges.txt", "tokenizer/vocab.json"]
    for part, stem in (
        ("unet", "diffusion_pytorch_model"),
        ("vae", "diffusion_pytorch_model"),
        ("text_encoder", "model"),
    ):
        wanted += [f"{part}/config.json", f"{part}/{stem}.fp16.safetensors"]
    wanted.remove("vae/diffusion_pytorch_model.fp16.safetensors")
    wanted.append("vae/diffusion_pytorch_model.safetensors")
    others = [
        "README.md",
        "v1-5-pruned.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "safety_checker/model.safetensors",
        "text_encoder/model.safetensors",
        "run_me.py",
    ]
    assert sorted(hub.files_to_fetch(sorted([*wanted, *others]))) == sorted(wanted)
    assert hub.files_to_fetch(["model.safetensors"]) == ()


def test_the_built_in_model_is_listed_once_even_where_its_folder_is_given() -> None:
    library = scan([BUILTIN.parent, BUILTIN])
    assert [info.path for info in library.models].count(BUILTIN) == 1
    assert library.find(str(BUILTIN)).path == BUILTIN
