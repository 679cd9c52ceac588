"""Rules of taste that a machine can hold: size, globals, patching, foreign words."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "pentimento"
MODULES = sorted(PACKAGE.rglob("*.py"))
LINES_OF_A_FUNCTION = 62
LINES_OF_A_FILE = 500
# A1111's and diffusers' words; each has one of ours, and only a dialect's file translates.
FOREIGN_WORDS = {
    "init_images",
    "image_mask",
    "mask_image",
    "denoise_mask",
    "nmask",
    "inpainting_fill",
    "inpaint_full_res",
    "inpaint_full_res_padding",
    "inpainting_mask_invert",
    "num_inference_steps",
    "guidance_scale",
    "sampler_name",
    "sampler_index",
    "subseed",
    "subseed_strength",
    "n_iter",
    "seed_resize_from_w",
    "seed_resize_from_h",
    "sd_model_checkpoint",
    "paste_to",
    "crop_region",
}
DIALECTS = {"sdapi", "infotext", "choices"}

modules = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


@modules
def test_a_function_fits_a_screen_and_a_file_500_lines(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_OF_A_FILE
    long = {node.name: length(node) for node in functions(ast.parse(text)) if length(node) > LINES_OF_A_FUNCTION}
    assert not long, f"longer than {LINES_OF_A_FUNCTION} lines: {long}"


@modules
def test_nothing_global_is_changed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Global), f"line {node.lineno}: global {', '.join(node.names)}"


def foreign_names(tree: ast.AST) -> set[str]:
    """Names that an import from outside the package binds."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign | ast.Delete):
        return node.targets
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return [node.target]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
        return [ast.Attribute(value=node.args[0], attr="")]
    return []


def root(target: ast.expr) -> str | None:
    """Name at the root of `a.b.c`; None for plain names and other targets."""
    if not isinstance(target, ast.Attribute):
        return None
    value: ast.expr = target
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else None


@modules
def test_nothing_is_assigned_into_a_foreign_module(path: Path) -> None:
    tree = ast.parse(path.read_text())
    foreign = foreign_names(tree)
    patched = {root(target) for node in ast.walk(tree) for target in targets(node)} & foreign
    assert not patched, f"assigned into: {patched}"


def words(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.STRING):
            yield token.start[0], token.string.strip("\"'")


@modules
def test_foreign_words_stay_in_dialects(path: Path) -> None:
    if DIALECTS & {path.stem, *path.relative_to(PACKAGE).parts[:-1]}:
        return
    found = [(line, word) for line, word in words(path.read_text()) if word in FOREIGN_WORDS]
    assert not found, f"A1111's words in {path.name}: {found}"
