"""What the native API answers about models, networks, styles and downloads; see `answers`."""

from pydantic import Field

from ...models.catalogue import OfferKind
from ...models.downloads import State
from ...models.info import FamilyName
from .answers import Answer, Values


class Model(Answer):
    """A model that was found."""

    name: str
    family: str
    size_bytes: int
    hash: str | None
    native_size: int
    inpaint: bool
    prediction: str
    source: str
    loaded: bool
    licence: str | None
    folder: str | None = Field(description="where it lies; none for the one in the package")


class Network(Answer):
    """A network that prompts may call as `<lora:name:1>`."""

    name: str
    alias: str | None
    kind: str
    family: str | None


class Upscaler(Answer):
    """A network that enlarges pictures."""

    name: str
    architecture: str
    scale: int


class Embedding(Answer):
    """A textual inversion."""

    name: str
    vectors: int


class Offered(Answer):
    """A row of the catalogue; `installed` is the name that it has here."""

    name: str
    title: str
    kind: OfferKind
    hub: str
    file: str | None
    family: FamilyName
    inpaint: bool
    size_bytes: int = Field(description="rounded; a download asks for the exact size before it begins")
    licence: str
    licence_url: str
    good_for: list[str]
    about: str
    about_ru: str
    advice: Values = Field(description="fields of the request that it is made for")
    installed: str | None


class DownloadTold(Answer):
    """A download: where it comes from, how far it is, how it ended."""

    id: str
    source: str
    name: str | None = Field(description="what it is called in the catalogue")
    state: State
    received: int
    total: int | None
    bytes_per_second: float | None
    seconds_left: float | None
    error: str | None
    created: float
    model: str | None = Field(description="name of what has arrived")


class FolderTold(Answer):
    """A folder of models: of this server, added to it, or found with another program."""

    path: str
    application: str | None = Field(description="the program whose folder it is")
    models: int | None = Field(description="files that were counted in it")
    used: bool
    added: bool = Field(description="it was added here, and can be left out again")


class Style(Answer):
    """A saved style."""

    name: str
    prompt: str
    negative_prompt: str


class Tokens(Answer):
    """How long a prompt is."""

    tokens: int
    chunks: int = Field(description="of 75 tokens")
