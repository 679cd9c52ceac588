"""Metadata in real files of every format, written by us, by others, and damaged."""

import io
import json
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pentimento.errors import ImageError, RequestError
from pentimento.metadata import FORMATS, Metadata, encode, find_format, read, save

GOLDEN = Path(__file__).parent / "golden"
NAMES = [row.name for row in FORMATS]
TEXT = "красный круг 🎨 café\nNegative prompt: 狗\nSteps: 8, Sampler: Euler, Seed: 1, Size: 8x8"
RECIPE = json.dumps({"version": 1, "текст": "☃" * 50})
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (*size[::-1], 4), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize("format", NAMES)
def test_texts_and_profile_come_back_from_every_format(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{format}"
    save(picture(), path, infotext=TEXT, recipe=RECIPE, icc=ICC)
    assert read(path) == read(path.read_bytes()) == Metadata(TEXT, RECIPE, {})
    with Image.open(path) as image:
        assert image.format == format.upper()
        assert image.info["icc_profile"] == ICC
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", NAMES)
def test_a_file_without_texts_says_nothing(format: str) -> None:
    assert read(encode(picture(), format)) == Metadata()


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=200), st.sampled_from(NAMES))
def test_any_prompt_comes_back(prompt: str, format: str) -> None:
    text = f"{prompt.strip().replace(chr(0), '')}\nSteps: 8, Sampler: Euler, Seed: 1".strip()
    assert read(encode(picture(), format, infotext=text)).infotext == text


def test_half_a_surrogate_pair_loses_only_itself() -> None:
    assert read(encode(picture(), "png", infotext="a\ud800b")).infotext == "a?b"


@pytest.mark.parametrize(
    ("mode", "format"), [("RGB", "png"), ("RGBA", "png"), ("L", "png"), ("RGB", "webp"), ("RGBA", "webp")]
)
def test_lossless_formats_keep_every_pixel(mode: str, format: str) -> None:
    source = picture(mode)
    with Image.open(io.BytesIO(encode(source, format, lossless=True))) as image:
        assert image.convert(mode).tobytes() == source.tobytes()


def test_open_file_and_names_of_formats(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    save(picture(), buffer, "JPG", infotext=TEXT)
    assert read(buffer.getvalue()).infotext == TEXT
    assert find_format(".webp").mime == "image/webp"
    with pytest.raises(RequestError, match="did you mean 'png'"):
        save(picture(), tmp_path / "a.pngg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("format", "side"), [("jpeg", 65_536), ("webp", 16_384)])
def test_sides_that_a_format_cannot_hold_are_refused(format: str, side: int) -> None:
    for size in ((side, 1), (1, side)):
        with pytest.raises(ImageError, match=f"at most {side - 1} px"):
            encode(Image.new("L", size), format)


def test_jpeg_has_no_transparency() -> None:
    opaque = picture("RGB").convert("RGBA")
    assert read(encode(opaque, "jpeg", infotext=TEXT)).infotext == TEXT
    opaque.putpixel((0, 0), (1, 2, 3, 254))
    with pytest.raises(ImageError, match="no transparency"):
        encode(opaque, "jpeg")


def test_what_does_not_fit_into_jpeg_is_refused_before_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    save(picture(), path, infotext="before")
    before = path.read_bytes()
    noise = random.Random(0).randbytes(60_000).hex()
    for what in ({"infotext": "a" * 32_760}, {"recipe": noise}):
        with pytest.raises(ImageError, match=r"jpeg holds 655\d\d"):
            save(picture(), path, **what)
        for format in ("png", "webp", "avif"):
            found = read(encode(picture(), format, **what))
            assert what.get("recipe") == found.recipe
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.jpg"]


def test_jpeg_takes_all_that_fits() -> None:
    with Image.open(io.BytesIO(encode(picture(), "jpeg", infotext="a"))) as image:
        around = len(image.info["exif"]) - 2
    room = (65_533 - around) // 2
    text = "Steps: 1, Sampler: Euler, Model: ".ljust(room, "a")
    assert read(encode(picture(), "jpeg", infotext=text)).infotext == text
    with pytest.raises(ImageError, match="jpeg holds 65533"):
        encode(picture(), "jpeg", infotext=text + "a")


def test_a_large_recipe_leaves_a_png_that_pillow_opens() -> None:
    recipe = json.dumps({"data": random.Random(0).randbytes(2_000_000).hex()})
    data = encode(picture(), "png", infotext=TEXT, recipe=recipe)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    assert read(data).recipe == recipe


# Files of other programs


def test_a1111s_own_files_are_read() -> None:
    texts = {}
    for line in (GOLDEN / "unit" / "infotext_cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        texts |= {f"{case['id']}_{index}.png": text for index, text in enumerate(case["texts"])}
    known = [path for path in (GOLDEN / "outputs").glob("*.png") if path.name in texts]
    assert len(known) >= 20
    for path in known:
        assert read(path).infotext == texts[path.name]


def with_comment(comment: bytes, format: str = "jpeg", order: str = "<") -> bytes:
    exif = Image.Exif()
    exif.endian = order
    exif.get_ifd(0x8769)[0x9286] = comment
    buffer = io.BytesIO()
    picture().save(buffer, format, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + TEXT.encode("utf-16-be"),
        b"UNICODE\0" + TEXT.encode("utf-16-le"),
        b"UNICODE\0" + TEXT.encode("utf-16"),
        b"Unicode\0" + TEXT.encode("utf-16-be"),
        b"ASCII\0\0\0" + TEXT.encode(),
        b"\0" * 8 + TEXT.encode() + b"\0\0",
        TEXT.encode(),
    ],
)
def test_comments_of_all_character_sets(comment: bytes, order: str, format: str) -> None:
    assert read(with_comment(comment, format, order)).infotext == TEXT


@pytest.mark.parametrize("comment", ["taken on holiday", '{"tool": "other", "steps": 3}'])
def test_a_comment_that_is_no_infotext_is_kept_apart(comment: str) -> None:
    found = read(with_comment(b"ASCII\0\0\0" + comment.encode()))
    assert found == Metadata(None, None, {"UserComment": comment})


def test_comments_of_jpeg_and_gif() -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", comment=b"made by hand")
    assert read(buffer.getvalue()).other == {"comment": "made by hand"}
    buffer = io.BytesIO()
    picture("L").save(buffer, "GIF", comment=TEXT.encode())
    assert read(buffer.getvalue()).infotext == TEXT


def png_with(**texts: str) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text, zip=len(text) > 100)
    buffer = io.BytesIO()
    picture().save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def test_chunks_of_other_programs_are_told() -> None:
    workflow = json.dumps({"nodes": list(range(200))})
    assert read(png_with(workflow=workflow, prompt="{}")) == Metadata(
        None, None, {"workflow": workflow, "prompt": "{}"}
    )


def test_novelai_is_translated() -> None:
    comment = json.dumps({"steps": 28, "sampler": "ddim", "seed": 5, "scale": 11, "uc": ""})
    found = read(png_with(Software="NovelAI", Description="a cat", Comment=comment))
    assert found.infotext is not None
    assert found.infotext.startswith("a cat\nSteps: 28, Sampler: DDIM, CFG scale: 11, Seed: 5, Size: 24x16")


def test_recipe_survives_an_editor_that_rewrites_xmp() -> None:
    data = encode(picture(), "webp", recipe=RECIPE)
    with Image.open(io.BytesIO(data)) as image:
        xmp = image.info["xmp"].decode()
        packed = xmp.split('recipe="')[1].split('"')[0]
    rewritten = xmp.replace(f' pentimento:recipe="{packed}"/>', f"><p:recipe>{packed}</p:recipe></rdf:Description>")
    rewritten = rewritten.replace("xmlns:pentimento", "xmlns:p")
    assert rewritten != xmp
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", xmp=rewritten.encode())
    assert read(buffer.getvalue()).recipe == RECIPE


# Damage


def chunks_of(data: bytes) -> list[tuple[bytes, int, int]]:
    """List kind, start of the data and its length."""
    found: list[tuple[bytes, int, int]] = []
    position = 8
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        found.append((kind, position + 8, length))
        position += length + 12
    return found


def test_a_damaged_chunk_does_not_lose_the_others() -> None:
    data = bytearray(encode(picture(), "png", infotext="a cat", recipe=RECIPE))
    kind, start, length = next(chunk for chunk in chunks_of(data) if chunk[0] == b"iTXt")
    data[start + length - 5] ^= 1
    assert read(bytes(data)) == Metadata("a cat", None, {})
    # The same with a checksum that fits: the text itself does not inflate.
    data[start + length : start + length + 4] = zlib.crc32(kind + data[start : start + length]).to_bytes(4, "big")
    assert read(bytes(data)) == Metadata("a cat", None, {})


def test_a_text_that_would_fill_the_memory_is_passed_over() -> None:
    deflate = zlib.compressobj(9)
    bomb = b"".join([deflate.compress(bytes(2**20)) for _ in range(64)] + [deflate.flush()])
    data = encode(picture(), "png", infotext="a cat")
    body = b"zTXt" + b"bomb\0\0" + bomb
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert read(data[:33] + chunk + data[33:]) == Metadata("a cat", None, {})


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**32), st.integers(0, 6), st.booleans())
def test_damaged_files_are_read_or_refused(format: str, seed: int, flips: int, cut: bool) -> None:
    dice = random.Random(seed)
    data = bytearray(encode(picture(), format, infotext=TEXT, recipe=RECIPE, icc=ICC))
    for _ in range(flips):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    if cut:
        del data[dice.randrange(len(data)) :]
    try:
        read(bytes(data))
    except ImageError as error:
        assert error.field == "file"


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF....WEBP"])
def test_no_picture(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    if data.startswith(b"\x89PNG"):
        assert read(path) == Metadata()
        return
    with pytest.raises(ImageError, match=r"a\.png is not a picture"):
        read(path)
    with pytest.raises(ImageError, match="there is no file"):
        read(tmp_path / "b.png")
