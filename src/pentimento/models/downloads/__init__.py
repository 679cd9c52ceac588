"""Models fetched when somebody asks: progress, pause, resumption after anything, checks of what arrived.

A download lives in a hidden folder of the models' folder until all of it is there and has
been checked; then it appears under its name at once.

httpx is imported where something is fetched: it is a fifth of what a server imports before it listens.
"""

from .download import Download, Progress, State
from .manager import Downloads, NoSuchDownload
from .sources import Source, read_source

__all__ = ["Download", "Downloads", "NoSuchDownload", "Progress", "Source", "State", "read_source"]
