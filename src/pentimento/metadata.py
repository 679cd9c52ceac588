"""What a picture file says of itself: A1111's infotext, our recipe, colour profile.

Where they are kept
-------------------
========== ================================== =========================================
format     infotext (as A1111)                recipe (JSON)
========== ================================== =========================================
PNG        text chunk `parameters`            iTXt chunk `pentimento`; compressed unless so
                                              large that Pillow would refuse the file
JPEG       EXIF UserComment, UTF-16           XMP property `recipe`, deflated, base64
WebP       the same                           the same
AVIF       the same                           the same
========== ================================== =========================================

A segment of JPEG holds 64 kB. Infotext or recipe that do not fit are refused before
anything is written: nothing is cut or left out silently.
"""

import base64
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from . import infotext as infotexts
from .errors import ImageError, unknown_name
from .files import write_atomically
from .geometry import Size

_RECIPE_CHUNK = "pentimento"
_NAMESPACE = "urn:pentimento:recipe:1"
_LARGEST_JPEG_EXIF = 65_533
_LARGEST_JPEG_XMP = 65_533 - 29
# Pillow opens no PNG with a compressed text above 1 MiB or with texts above 64 MiB together.
_LARGEST_COMPRESSED_TEXT = 2**20 - 1024
_LARGEST_TEXT = 2**26 - 2**20
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_TOLD_BY_EXIF = {0x010E: "ImageDescription", 0x0131: "Software"}
# What Pillow's readers are known to raise at damaged files, RuntimeError from libavif.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Metadata:
    """What was found in a file.

    Attributes
    ----------
    infotext : A1111's text, translated where NovelAI wrote it
    recipe : our JSON; `recipe.open_recipe` reads it
    other : texts of other programs by their names ("workflow", "UserComment", ...)
    """

    infotext: str | None = None
    recipe: str | None = None
    other: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class _Extras:
    """What goes into a file beside the pixels."""

    infotext: str | None
    recipe: str | None
    icc: bytes | None
    quality: int
    lossless: bool


@dataclass(frozen=True)
class FileFormat:
    """One file format that pictures are written in."""

    name: str
    mime: str
    suffixes: tuple[str, ...]
    largest_side: int
    transparency: bool
    options: Callable[["_Extras"], dict[str, Any]]


# Writing


def save(
    image: Image.Image,
    target: str | Path | BinaryIO,
    format: str | None = None,
    *,
    infotext: str | None = None,
    recipe: str | None = None,
    icc: bytes | None = None,
    quality: int = 90,
    lossless: bool = False,
) -> None:
    """Write a picture with its metadata; a file is written whole or not at all.

    Parameters
    ----------
    target : path, or an open binary file
    format : name or suffix; left out = by the path's suffix
    recipe : JSON text
    icc : colour profile
    quality : 1 to 100, for JPEG, WebP and AVIF
    lossless : WebP only

    Raises
    ------
    ImageError
        Where the format cannot hold the picture or its metadata; nothing is written then.
    RequestError
        Where the format is not known.
    """
    if format is None:
        format = Path(target).suffix if isinstance(target, str | Path) else "png"
    data = encode(image, format, infotext=infotext, recipe=recipe, icc=icc, quality=quality, lossless=lossless)
    if isinstance(target, str | Path):
        write_atomically(Path(target), data)
    else:
        target.write(data)


def encode(
    image: Image.Image,
    format: str,
    *,
    infotext: str | None = None,
    recipe: str | None = None,
    icc: bytes | None = None,
    quality: int = 90,
    lossless: bool = False,
) -> bytes:
    """Give the bytes of the file that `save` would write."""
    row = find_format(format)
    options = row.options(_Extras(_writable(infotext), _writable(recipe), icc, quality, lossless))
    if icc:
        options["icc_profile"] = icc
    buffer = io.BytesIO()
    try:
        _fitting(image, row).save(buffer, row.name, **options)
    except (OSError, ValueError) as error:
        raise ImageError("format", row.name, f"the picture cannot be written as {row.name}: {error}") from error
    return buffer.getvalue()


def find_format(word: str) -> FileFormat:
    """Find a format by name or suffix, in any letter case.

    Examples
    --------
    >>> find_format(".JPG").mime
    'image/jpeg'
    """
    folded = word.lower().removeprefix(".")
    for row in FORMATS:
        if folded in (row.name, *row.suffixes):
            return row
    raise unknown_name("format", word, [row.name for row in FORMATS])


def _writable(text: str | None) -> str | None:
    # Half a surrogate pair may come out of JSON; no file can hold it.
    return text.encode("utf-8", "replace").decode("utf-8") if text else None


def _fitting(image: Image.Image, row: FileFormat) -> Image.Image:
    """Refuse what the format cannot hold."""
    if max(image.size) > row.largest_side:
        size = Size(*image.size)
        message = f"{row.name} holds at most {row.largest_side} px a side and the picture has {size}; use png"
        raise ImageError("format", row.name, message)
    if row.transparency or not image.has_transparency_data:
        return image if image.mode != "P" or row.transparency else image.convert("RGB")
    whole = image.convert("RGBA")
    if whole.getchannel("A").getextrema() != (255, 255):
        message = f"{row.name} holds no transparency and the picture has some; use png, webp or avif"
        raise ImageError("format", row.name, message)
    return whole.convert("RGB")


def _png_options(extras: _Extras) -> dict[str, Any]:
    texts = PngImagePlugin.PngInfo()
    if extras.infotext:
        texts.add_text("parameters", extras.infotext)
    if extras.recipe:
        size = len(extras.recipe.encode())
        if size > _LARGEST_TEXT:
            raise _too_long("png", "recipe", size, _LARGEST_TEXT)
        texts.add_itxt(_RECIPE_CHUNK, extras.recipe, zip=size <= _LARGEST_COMPRESSED_TEXT)
    # Level 1 with run lengths: half the time of Pillow's default, same size on photographs.
    return {"pnginfo": texts, "compress_level": 1, "compress_type": zlib.Z_RLE}


def _jpeg_options(extras: _Extras) -> dict[str, Any]:
    options = {"quality": extras.quality, **_exif_and_xmp(extras)}
    for name, what, limit in (("exif", "infotext", _LARGEST_JPEG_EXIF), ("xmp", "recipe", _LARGEST_JPEG_XMP)):
        size = len(cast(bytes, options.get(name, b"")))
        if size > limit:
            raise _too_long("jpeg", what, size, limit)
    return options


def _webp_options(extras: _Extras) -> dict[str, Any]:
    # `exact`: colours under full transparency stay as they are.
    lossless = {"lossless": True, "exact": True} if extras.lossless else {}
    return {"quality": extras.quality, **lossless, **_exif_and_xmp(extras)}


def _avif_options(extras: _Extras) -> dict[str, Any]:
    return {"quality": extras.quality, **_exif_and_xmp(extras)}


def _too_long(format: str, what: str, size: int, limit: int) -> ImageError:
    message = f"the {what} needs {size} bytes and {format} holds {limit}; use another format or a .json file beside it"
    return ImageError("format", format, message)


def _exif_and_xmp(extras: _Extras) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if extras.infotext:
        exif = Image.Exif()
        # Big-endian throughout: A1111 reads UTF-16 so whatever the file's byte order.
        exif.endian = ">"
        exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + extras.infotext.encode("utf-16-be")
        options["exif"] = exif.tobytes()
    if extras.recipe:
        options["xmp"] = _xmp(extras.recipe)
    return options


def _xmp(recipe: str) -> bytes:
    packed = base64.b64encode(zlib.compress(recipe.encode(), 9)).decode()
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:pentimento="{_NAMESPACE}" pentimento:recipe="{packed}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


FORMATS: tuple[FileFormat, ...] = (
    FileFormat("png", "image/png", ("png",), 2**31 - 1, True, _png_options),
    FileFormat("jpeg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), 65_535, False, _jpeg_options),
    FileFormat("webp", "image/webp", ("webp",), 16_383, True, _webp_options),
    FileFormat("avif", "image/avif", ("avif",), 65_536, True, _avif_options),
)


# Reading


def read(picture: str | Path | bytes) -> Metadata:
    """Read what a picture file says; pixels are not decoded, damaged texts are passed over.

    Raises
    ------
    ImageError
        Where there is no such file, or it is no picture.
    """
    name = "the given bytes" if isinstance(picture, bytes) else str(picture)
    try:
        with io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture).open("rb") as file:
            is_png = file.read(8) == b"\x89PNG\r\n\x1a\n"
            return _read_png(file) if is_png else _read_others(file)
    except FileNotFoundError as error:
        raise ImageError("file", name, f"there is no file {name}") from error
    except UnidentifiedImageError as error:
        raise ImageError("file", name, f"{name} is not a picture that can be read") from error
    except _UNREADABLE as error:
        raise ImageError("file", name, f"{name} is not a picture that can be read ({error})") from error


def _read_png(file: BinaryIO) -> Metadata:
    texts, exif, size = _png_chunks(file)
    recipe = texts.pop(_RECIPE_CHUNK, None)
    infotext = texts.pop("parameters", None)
    if infotext is None and texts.get("Software") == "NovelAI":
        infotext = infotexts.from_novelai(texts.get("Description", ""), texts.get("Comment", ""), size)
    comment, told = _from_exif(exif) if exif else (None, {})
    if infotext is None:
        infotext, told = _sorted_comment(comment, told)
    return Metadata(infotext, recipe, {**told, **texts})


def _png_chunks(file: BinaryIO) -> tuple[dict[str, str], bytes | None, Size]:
    """Collect texts, EXIF and size; unlike Pillow, one damaged text does not lose the others."""
    texts: dict[str, str] = {}
    exif, size = None, Size(0, 0)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind not in (b"IHDR", b"eXIf", *_TEXT_CHUNKS) or length > _LARGEST_TEXT:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data, crc = file.read(length), file.read(4)
        if len(crc) < 4 or zlib.crc32(kind + data) != int.from_bytes(crc, "big"):
            continue
        if kind == b"IHDR":
            size = Size(*struct.unpack(">II", data[:8]))
        elif kind == b"eXIf":
            exif = data
        elif (pair := _TEXT_CHUNKS[kind](data)) is not None:
            texts[pair[0]] = pair[1]
    return texts, exif, size


def _plain_text(data: bytes) -> tuple[str, str]:
    key, _, text = data.partition(b"\0")
    return key.decode("latin-1"), text.decode("latin-1")


def _compressed_text(data: bytes) -> tuple[str, str] | None:
    key, _, rest = data.partition(b"\0")
    text = _inflated(rest[1:])
    return None if text is None else (key.decode("latin-1"), text.decode("latin-1"))


def _international_text(data: bytes) -> tuple[str, str] | None:
    key, _, rest = data.partition(b"\0")
    compressed, rest = rest[:1] == b"\1", rest[2:]
    _language, _, rest = rest.partition(b"\0")
    _translated, _, rest = rest.partition(b"\0")
    text = _inflated(rest) if compressed else rest
    return None if text is None else (key.decode("latin-1"), text.decode("utf-8", "replace"))


_TEXT_CHUNKS: dict[bytes, Callable[[bytes], tuple[str, str] | None]] = {
    b"tEXt": _plain_text,
    b"zTXt": _compressed_text,
    b"iTXt": _international_text,
}


def _inflated(data: bytes) -> bytes | None:
    """Decompress; None where it is damaged or would grow beyond all sense."""
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(data, _LARGEST_TEXT)
    except zlib.error:
        return None
    return text if inflate.eof else None


def _read_others(file: BinaryIO) -> Metadata:
    file.seek(0)
    with Image.open(file) as image:
        exif = image.info.get("exif")
        comment, told = _from_exif(exif) if isinstance(exif, bytes) else (None, {})
        infotext, told = _sorted_comment(comment, told)
        note = image.info.get("comment")  # JPEG's and GIF's own
        xmp = image.info.get("xmp")
    if isinstance(note, bytes):
        text = note.decode("utf-8", "replace").strip("\0 ")
        if infotext is None and infotexts.parse(text).parameters:
            infotext = text
        elif text:
            told["comment"] = text
    return Metadata(infotext, _recipe_from(xmp) if isinstance(xmp, bytes) else None, told)


def _sorted_comment(comment: str | None, told: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    """Tell an infotext from what cameras and other programs write in the same place."""
    if comment and infotexts.parse(comment).parameters:
        return comment, told
    return None, {**told, "UserComment": comment} if comment else told


def _from_exif(data: bytes) -> tuple[str | None, dict[str, str]]:
    exif = Image.Exif()
    try:
        exif.load(data)
        comment = exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    except _UNREADABLE:
        return None, {}
    told = {name: text for tag, name in _TOLD_BY_EXIF.items() if isinstance(text := exif.get(tag), str)}
    return _comment(comment), told


_CHARSETS: dict[bytes, Callable[[bytes], str]] = {
    b"UNICODE\0": lambda data: data.decode(_utf16_order(data), "replace"),
    b"ASCII\0\0\0": lambda data: data.decode("utf-8", "replace"),
    b"JIS\0\0\0\0\0": lambda data: data.decode("iso2022_jp", "replace"),
    b"\0" * 8: lambda data: data.decode("utf-8", "replace"),
}


def _comment(value: object) -> str | None:
    """Decode EXIF's UserComment: eight bytes of character set, then the text."""
    if isinstance(value, bytes):
        decode = _CHARSETS.get(value[:8].upper())
        value = decode(value[8:]) if decode else value.decode("utf-8", "replace")
    return value.strip("\0 ") or None if isinstance(value, str) else None


def _utf16_order(data: bytes) -> str:
    """Guess the byte order, which programs choose as they like: the zeros of ASCII tell."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-le" if data[1::2].count(0) > data[0::2].count(0) else "utf-16-be"


def _recipe_from(xmp: bytes) -> str | None:
    """Find the recipe in XMP, as attribute or element: editors turn one into the other."""
    name = f"{{{_NAMESPACE}}}recipe"
    try:
        tree = ElementTree.fromstring(xmp.strip(b"\0 "))
        for element in tree.iter():
            packed = element.get(name) or (element.text if element.tag == name else None)
            if packed:
                text = _inflated(base64.b64decode(packed))
                return text.decode() if text else None
    except (ElementTree.ParseError, ValueError):
        return None
    return None
