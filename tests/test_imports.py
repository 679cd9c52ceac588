"""The import law: layers point down, and what needs no torch loads none."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "pentimento"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# From below to above. A unit may import what stands in rows above its own in this table, and its own row.
LAYERS = (
    {"errors", "geometry", "files", "folder_lock", "libraries", "__version__"},
    {"pictures", "prompts", "diffusion", "choices", "profiles", "labels", "refusals"},
    {"models", "request", "apart"},
    {"addons", "inputs", "framing", "second_pass", "upscaling", "warnings", "plan", "recipe", "infotext", "metadata"},
    {"enlarging", "encoding", "denoising", "pipeline"},
    {"result", "studio"},
    {"scripts", "batch", "chain", "verify"},
    {"jobs", "store"},
    {"server", "client"},
    {"cli", "__main__"},
)
# Stricter than their row: nothing of ours but these.
ONLY = {
    "pictures": {"errors", "geometry", "pictures"},
    "prompts": {"errors", "geometry", "prompts"},
    "diffusion": {"errors", "geometry", "diffusion"},
    "models": {"__version__", "errors", "files", "geometry", "models", "prompts", "diffusion.prediction"},
}
NEEDS_TORCH = ("diffusion.noise", "diffusion.denoisers", "models", "enlarging", "encoding", "denoising", "pipeline")
NO_TORCH_IN_MODELS = (
    "models",
    "models.info",
    "models.find",
    "models.detect",
    "models.catalogue",
    "models.folders",
    "models.provenance",
    "models.hub",
    "models.downloads",
    "models.downloads.sources",
    "models.downloads.transfer",
    "models.downloads.download",
    "models.downloads.manager",
    "models.embeddings",
    "models.networks",
    "models.networks.names",
    "models.networks.files",
    "models.networks.find",
    "models.beside",
    "models.captioners",
    "models.upscalers",
    "models.upscalers.kinds",
    "models.upscalers.find",
    "models.objects",
    "models.previews",
)


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Give what a file imports of ours, as dotted names below the package."""
    here = list(path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (
                alias.name[len("pentimento.") :] for alias in node.names if alias.name.startswith("pentimento.")
            )
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
            elif (node.module or "").split(".")[0] == "pentimento":
                base = (node.module or "").split(".")[1:]
            else:
                continue
            base = [part for part in base if part]
            yield from (".".join([*base, alias.name]) for alias in node.names)


def layer(unit: str) -> int:
    found = [index for index, row in enumerate(LAYERS) if unit in row]
    assert found, f"'{unit}' has no layer: add it to LAYERS and to ARCHITECTURE.md"
    return found[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path) or "pentimento")
def test_imports_point_down(path: Path) -> None:
    name = dotted(path)
    unit = name.split(".")[0]
    if not unit:
        return  # the package itself offers the whole surface
    for target in imported(path):
        other = target.split(".")[0]
        if unit in ONLY:
            allowed = any(target == row or target.startswith(row + ".") for row in ONLY[unit])
            assert allowed, f"{name} imports {target}; {unit} may import only {sorted(ONLY[unit])}"
        assert layer(other) <= layer(unit), f"{name} imports {target}, which stands above it"


def torch_free() -> list[str]:
    """List the modules that must not load torch."""
    names = [dotted(path) for path in MODULES]

    def needs(name: str) -> bool:
        return any(name == row or name.startswith(row + ".") for row in NEEDS_TORCH)

    return [name for name in names if name != "__main__" and (name in NO_TORCH_IN_MODELS or not needs(name))]


def test_no_torch_where_none_is_needed() -> None:
    names = [f"pentimento.{name}" if name else "pentimento" for name in torch_free()]
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    heavy = {'torch', 'torchvision', 'diffusers', 'transformers', 'scipy'} & set(sys.modules)\n"
        "    assert not heavy, f'{name} loads {heavy}'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_torchvision_is_not_installed_with_us() -> None:
    root = PACKAGE.parents[1]
    for line in (root / "constraints.txt").read_text().splitlines():
        assert not line.startswith("torchvision")
    assert "torch==2.13.0" in (root / "constraints.txt").read_text().splitlines()
