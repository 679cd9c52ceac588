"""The project file opens again byte for byte, and what is damaged or foreign is refused in words."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pentimento import Chain, metadata
from pentimento.errors import RequestError

from .answering import AnsweringStudio, noise
from .test_chain import FAST, HEIGHT, LEFT, RIGHT, WIDTH, bytes_of, near, painted

OVER = "ellipse 14 12 40 40"


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    mask = Image.new("L", (WIDTH, HEIGHT))
    mask.paste(255, (60, 30, 90, 60))
    steps = [near(LEFT, 1, prompt="a hat"), near(OVER, 2, mask_blur=5), near(mask, 3, blend="multiband")]
    return painted(AnsweringStudio(tmp_path), Chain.of(noise(WIDTH, HEIGHT)), *steps)


@pytest.fixture
def path(chain: Chain, tmp_path: Path) -> Path:
    path = tmp_path / "edits.pentimento"
    chain.save(path)
    return path


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_the_file_tells_what_it_is_and_holds_the_source_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    noise(WIDTH, HEIGHT).save(source)
    data = Chain.of(source).to_bytes()
    assert data[30:70] == b"mimetypeapplication/vnd.pentimento.chain"
    assert source.read_bytes() in parts_of(data).values()


def test_equal_parts_are_kept_once(chain: Chain, tmp_path: Path) -> None:
    studio = AnsweringStudio(tmp_path)
    mask = Image.new("L", (WIDTH, HEIGHT), 255)
    twice = painted(studio, chain, {**FAST, "mask": mask, "seed": 1}, {**FAST, "mask": mask, "seed": 2})
    more = set(parts_of(twice.to_bytes())) - set(parts_of(chain.to_bytes()))
    assert sorted(name.split("/")[0] for name in more) == ["layers", "layers", "pictures"]


def test_an_interrupted_save_leaves_the_file_before_it(
    chain: Chain, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        chain.mute(1).save(path)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*.tmp"))


def record_with(change: Callable[[dict], object]) -> Callable[[dict[str, bytes]], object]:
    """Change what chain.json says."""

    def spoil(parts: dict[str, bytes]) -> None:
        record = json.loads(parts["chain.json"])
        change(record)
        parts["chain.json"] = json.dumps(record).encode()

    return spoil


def first(parts: dict[str, bytes], folder: str) -> str:
    return next(name for name in parts if name.startswith(folder))


SPOILT: dict[str, Callable[[dict[str, bytes]], object]] = {
    "is no chain but": lambda parts: parts.update(mimetype=b"image/openraster"),
    "another kind of zip": lambda parts: parts.pop("mimetype"),
    "it has no chain.json": lambda parts: parts.pop("chain.json"),
    "is damaged: chain.json": lambda parts: parts.update({"chain.json": b"{"}),
    "it has no layers/": lambda parts: parts.pop(first(parts, "layers/")),
    "it has no pictures/": lambda parts: parts.pop(first(parts, "pictures/")),
    "is not what its name says": lambda parts: parts.update({first(parts, "layers/"): b"other"}),
    "is of form 9, written by Pentimento 7": record_with(
        lambda record: record.update(version=9, program="Pentimento 7", news=True)
    ),
    "steps.0.label": record_with(lambda record: record["steps"][0].pop("label")),
    "does not lie in the picture": record_with(lambda record: record["steps"][0].update(box=[0, 0, 9999, 9])),
    "not I;16": record_with(lambda record: record["steps"][0].update(box=[0, 0, 3, 3])),
    "chain.json: steps.1.saw": record_with(lambda record: record["steps"][1].update(saw="../../etc")),
}


@pytest.mark.parametrize("told", SPOILT)
def test_a_damaged_or_foreign_file_is_refused_in_words(path: Path, told: str) -> None:
    parts = parts_of(path.read_bytes())
    SPOILT[told](parts)
    write(path, parts)
    with pytest.raises(RequestError, match="^file: ") as raised:
        Chain.open(path)
    assert told in str(raised.value)
    assert path.name in str(raised.value)


def test_what_is_no_zip_or_cut_short_is_refused(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for data in (b"", b"no zip at all", whole[: len(whole) // 2], noise(4, 4).tobytes()):
        path.write_bytes(data)
        with pytest.raises(RequestError, match="is no chain, or is damaged"):
            Chain.open(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    with pytest.raises(RequestError, match="damaged"):
        Chain.open(path)
    with pytest.raises(RequestError, match="there is no file"):
        Chain.open(tmp_path / "other.pentimento")
    with pytest.raises(RequestError, match="cannot be read"):
        Chain.open(tmp_path)


def opened(data: bytes) -> tuple[list[dict[str, str]], dict[str, Image.Image]]:
    """Read an OpenRaster file: its layers from above to below, and its pictures."""
    parts = parts_of(data)
    stack = ElementTree.fromstring(parts["stack.xml"])
    images = {name: Image.open(io.BytesIO(part)) for name, part in parts.items() if name.endswith(".png")}
    assert (stack.tag, stack.get("w"), stack.get("h")) == ("image", str(WIDTH), str(HEIGHT))
    return [layer.attrib for layer in stack.findall("./stack/layer")], images


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_layers_open_in_other_programs(tmp_path: Path, mode: str) -> None:
    source = noise(WIDTH, HEIGHT, mode)
    steps = [near(LEFT, 1, prompt="a <hat>\0 & \n"), near(OVER, 2, mask_blur=5), near(RIGHT, 3, blend="multiband")]
    chain = painted(AnsweringStudio(tmp_path), Chain.of(source), *steps).mute(1)
    target = tmp_path / "edits.ora"
    chain.export(target)
    data = target.read_bytes()
    assert data[30:54] == b"mimetypeimage/openraster"
    layers, images = opened(data)
    assert [layer["name"] for layer in layers] == [
        "3 without a prompt",
        "2 without a prompt",
        "1 a <hat>  &  ",
        "source",
    ]
    assert [layer["visibility"] for layer in layers] == ["visible", "visible", "hidden", "visible"]
    assert np.array_equal(bytes_of(images["mergedimage.png"]), bytes_of(chain.picture()))
    assert np.array_equal(bytes_of(images["data/source.png"]), bytes_of(source))
    picture = images["data/source.png"].convert("RGBA")
    alpha = picture.getchannel("A")
    picture.putalpha(255)
    for layer in reversed(layers[:-1]):
        if layer["visibility"] == "visible":
            picture.alpha_composite(images[layer["src"]], (int(layer["x"]), int(layer["y"])))
    # source-atop: the alpha below is kept.
    assert {layer["composite-op"] for layer in layers[:-1]} == {"svg:src-over" if mode == "RGB" else "svg:src-atop"}
    shown = np.asarray(alpha) > 0
    difference = np.abs(np.asarray(picture, int)[..., :3] - np.asarray(chain.picture(), int)[..., :3])
    assert difference[shown].max() <= 2
    assert np.array_equal(
        np.asarray(picture)[~chain.touched & shown][:, :3], np.asarray(source)[~chain.touched & shown][:, :3]
    )


def test_an_exported_picture_carries_the_last_shown_infotext(chain: Chain, tmp_path: Path) -> None:
    chain.mute(3, 2).export(tmp_path / "out.png")
    assert (metadata.read(tmp_path / "out.png").infotext or "").startswith("a hat")
    chain.export(tmp_path / "source.webp", upto=0)
    assert metadata.read(tmp_path / "source.webp").infotext is None
    with pytest.raises(RequestError, match="format"):
        chain.export(tmp_path / "out.tga")
