"""Which networks and embeddings there are, told apart by their headers, without torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ...errors import ModelFileError
from ..beside import ends_with, files_beside
from ..header import PICKLES, read_header, refuse_pickle
from .files import EmbeddingFile, NetworkFile, read_file

# Where A1111, Forge and ComfyUI keep them, beside or above a folder of models.
_FOLDERS = frozenset({"lora", "loras", "lycoris", "embeddings"})


@dataclass(frozen=True)
class NetworkLibrary:
    """The networks and embeddings that were found.

    Attributes
    ----------
    refused : pickles that may be networks, and other files of those folders that cannot be read
    """

    networks: tuple[NetworkFile, ...] = ()
    embeddings: tuple[EmbeddingFile, ...] = ()
    refused: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def names(self) -> list[str]:
        return [network.name for network in self.networks]

    def find(self, word: str) -> NetworkFile | None:
        """Find a network by file name, alias, or the end of its path without the ending; letter case comes last.

        Raises
        ------
        ModelFileError
            Where the only file called so is a pickle.
        """
        flat = word.replace("\\", "/")
        for called in _CALLED:
            if found := next((one for one in self.networks if called(one, flat)), None):
                return found
        for path in self.refused:
            if ends_with(path, flat):
                refuse_pickle(path)
        return None

    def near(self, word: str) -> list[str]:
        """Name the networks that are called alike."""
        words = {name.casefold(): name for one in self.networks for name in (one.name, one.alias) if name}
        return [words[match] for match in get_close_matches(word.casefold(), list(words), n=3, cutoff=0.5)]


def scan_networks(folders: Sequence[str | Path]) -> NetworkLibrary:
    """Look for networks and embeddings in folders of models, and beside them where other programs keep them."""
    networks: list[NetworkFile] = []
    embeddings: list[EmbeddingFile] = []
    refused: list[Path] = []
    for path in files_beside(folders, _FOLDERS):
        if path.suffix.lower() in PICKLES:
            refused.append(path)
            continue
        try:
            read = read_file(read_header(path))
        except ModelFileError:
            refused.append(path)
            continue
        if isinstance(read, NetworkFile):
            networks.append(read)
        elif isinstance(read, EmbeddingFile):
            embeddings.append(read)
    return NetworkLibrary(tuple(networks), tuple(embeddings), tuple(refused))


_CALLED: tuple[Callable[[NetworkFile, str], bool], ...] = (
    lambda one, word: one.name == word,
    lambda one, word: one.alias == word,
    lambda one, word: ends_with(one.path, word),
    lambda one, word: word.casefold() in (one.name.casefold(), (one.alias or "").casefold()),
)
