"""Reading: upright, 8 bits, alpha and profile set apart, clear errors."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pentimento.errors import ImageError
from pentimento.geometry import Size
from pentimento.pictures.read import LARGEST_PICTURE, read_picture, split

GOLDEN = Path(__file__).parents[1] / "golden"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colours() -> Image.Image:
    return Image.fromarray(np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3)


@pytest.mark.parametrize("background", ["ffffff", "000000", "336699"])
def test_flattening_is_as_recorded(background: str):
    image = read_picture(GOLDEN / "inputs" / "rgba_128.png", "init_image")
    flat = split(image, f"#{background}", "flatten")
    assert flat.image.tobytes() == Image.open(GOLDEN / "unit" / f"flatten_rgba_{background}.png").tobytes()
    assert flat.alpha is None


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_270),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_90),
    ],
)
def test_orientation_is_applied(orientation: int, undo: Image.Transpose | None):
    exif = Image.Exif()
    exif[0x0112] = orientation
    expected = colours() if undo is None else colours().transpose(undo)
    read = read_picture(encoded(colours(), exif=exif), "init_image")
    assert read.tobytes() == expected.tobytes() and read.size == expected.size


def test_every_way_to_give_a_picture_is_the_same(tmp_path: Path):
    data = encoded(colours())
    path = tmp_path / "in.png"
    path.write_bytes(data)
    read = [read_picture(given, "init_image") for given in (data, path, str(path), colours())]
    assert {(picture.mode, picture.tobytes()) for picture in read} == {("RGB", colours().tobytes())}


def test_colour_marked_transparent_becomes_alpha():
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (9, 9, 9))
    read = read_picture(encoded(image, transparency=(9, 9, 9)), "init_image")
    assert read.mode == "RGBA" and list(read.getchannel("A").tobytes()) == [255, 0]
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.putpixel((1, 0), 1)
    read = read_picture(encoded(palette, transparency=0), "init_image")
    assert read.getpixel((0, 0)) == (0, 0, 0, 0) and read.getpixel((1, 0)) == (10, 20, 30, 255)


def test_sixteen_bits_are_scaled_not_clipped():
    values = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)
    read = read_picture(encoded(Image.fromarray(values)), "init_image")
    assert read.mode == "L" and list(read.tobytes()) == [0, 0, 1, 1, 128, 255]
    floats = read_picture(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), "mask")
    assert list(floats.tobytes()) == [0, 128, 255]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        *((mode, "L") for mode in ("1", "L")),
        *((mode, "RGB") for mode in ("RGB", "P", "CMYK", "YCbCr", "HSV", "LAB")),
        *((mode, "RGBA") for mode in ("RGBA", "LA", "PA")),
    ],
)
def test_every_mode_becomes_one_of_three(mode: str, expected: str):
    assert read_picture(Image.new(mode, (3, 2)), "init_image").mode == expected


def test_profile_is_kept_only_where_it_describes_rgb():
    assert read_picture(encoded(colours(), icc_profile=SRGB), "init_image").info == {"icc_profile": SRGB}
    assert split(read_picture(encoded(colours(), icc_profile=SRGB), "init_image"), "#ffffff", "keep").icc == SRGB
    assert read_picture(encoded(colours().convert("L"), icc_profile=SRGB), "init_image").info == {}
    assert read_picture(encoded(colours(), icc_profile=SRGB[:16] + b"CMYK" + SRGB[20:]), "init_image").info == {}


def test_the_callers_image_is_not_shared():
    image = colours()
    read_picture(image, "init_image").putpixel((0, 0), (255, 255, 255))
    assert image.tobytes() == colours().tobytes()


def test_alpha_is_set_apart_with_the_colours_under_it():
    image = Image.new("RGBA", (2, 1), (200, 100, 50, 255))
    image.putpixel((1, 0), (7, 8, 9, 0))
    source = split(image, "#336699", "keep")
    assert source.alpha is not None and list(source.alpha.tobytes()) == [255, 0]
    assert source.straight.getpixel((1, 0)) == (7, 8, 9) and source.image.getpixel((1, 0)) == (0x33, 0x66, 0x99)
    resized = source.resized(Size(8, 4), "just_resize")
    assert resized.alpha is not None
    assert {plane.size for plane in (resized.image, resized.straight, resized.alpha)} == {Size(8, 4)}
    assert resized.size == Size(8, 4)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ("/no/such/file.png", "no file '/no/such/file.png'"),
        (b"this is no picture", "is not a picture that can be read"),
        (b"", "is not a picture that can be read"),
        (encoded(Image.effect_noise((64, 64), 50))[:900], "damaged or cut short"),
        (Image.new("RGB", (0, 5)), "0x5 pixels"),
        (Image.fromarray(np.array([[2.0]], np.float32)), "values from 2.0 to 2.0"),
        (Image.fromarray(np.array([[float("nan")]], np.float32)), "values from nan"),
    ],
    ids=["missing", "text", "empty", "cut", "no pixels", "beyond", "nan"],
)
def test_refusals_name_the_field_and_the_reason(picture: str | bytes | Image.Image, words: str):
    with pytest.raises(ImageError, match=words) as raised:
        read_picture(picture, "mask")
    assert raised.value.field == "mask" and str(raised.value).startswith("mask: ")


def test_folder_is_refused(tmp_path: Path):
    with pytest.raises(ImageError, match="cannot be opened"):
        read_picture(tmp_path, "init_image")


def test_bomb_is_refused_before_it_is_decoded():
    side = int(LARGEST_PICTURE**0.5) + 1
    with pytest.raises(ImageError, match="pixels"):
        read_picture(encoded(Image.new("1", (side, side))), "init_image")
