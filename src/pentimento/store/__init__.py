"""Pictures and their recipes on disk, and the history of them."""

from ..folder_lock import FolderInUse
from .chains import ChainNotFound, Chains
from .picture import Page, Picture, PictureNotFound
from .store import Store

__all__ = ["ChainNotFound", "Chains", "FolderInUse", "Page", "Picture", "PictureNotFound", "Store"]
