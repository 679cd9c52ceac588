"""What the native API answers, for its OpenAPI document.

Routes give plain values that were checked where they were made; nothing is validated again
on its way out. Tests hold that these models describe what is sent, no key more and none less.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...jobs import Priority, State

Values = dict[str, Any]
Pair = tuple[int, int]
Box = tuple[int, int, int, int]


class Answer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class ServerLimits(Answer):
    """What one client may ask of the server."""

    upload_bytes: int
    upload_pixels: int
    body_bytes: int
    queued_jobs: int
    script_runs: int


class ServerInfo(Answer):
    """What the server is and can."""

    version: str
    model: str
    device: str
    users: bool = Field(description="whether every user has jobs and pictures of their own")
    limits: ServerLimits
    languages: list[str]
    formats: list[str]


class Choice(Answer):
    """A name that may be chosen, and what it is called."""

    name: str
    label: str
    label_ru: str


class Group(Choice):
    """Fields that belong together."""

    modes: list[str] = Field(description="for which of txt2img, img2img and inpaint it is shown")


FieldType = Literal["string", "integer", "number", "boolean", "choice", "picture", "pair", "list"]


class _Settable(Answer):
    name: str
    default: Any
    description: str
    label: str
    label_ru: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: list[Choice] | None = None


class RequestField(_Settable):
    """A field of the request."""

    type: FieldType
    group: str


class OptionField(_Settable):
    """An option of a script."""

    type: FieldType | Literal["object"]


class SamplerInfo(Answer):
    """A sampler."""

    name: str
    label: str
    aliases: list[str]
    default_schedule: str
    evaluations: int = Field(description="calls of the network in a step")


class ScheduleInfo(Answer):
    """A schedule."""

    name: str
    label: str
    aliases: list[str]


class Options(Answer):
    """Everything that can be set in a request."""

    fields: list[RequestField]
    groups: list[Group]
    samplers: list[SamplerInfo]
    schedules: list[ScheduleInfo]
    profiles: list[str]


class ScriptInfo(Choice):
    """A script: it runs a request several times."""

    summary: str
    needs_image: bool
    options: list[OptionField]


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


class Style(Answer):
    """A saved style."""

    name: str
    prompt: str
    negative_prompt: str


class Tokens(Answer):
    """How long a prompt is."""

    tokens: int
    chunks: int = Field(description="of 75 tokens")


class Upload(Answer):
    """A picture that is kept."""

    sha256: str
    bytes: int
    width: int
    height: int
    format: str
    has_alpha: bool


class PlanWarning(Answer):
    """What a person should know before running."""

    code: str
    message: str
    field: str
    fix: Values = Field(description="fields that would mend it; empty where a person must decide")


class Pass(Answer):
    """One pass of a plan."""

    working_size: Pair
    upscaler: str | None
    model: str
    refiner: str | None
    sampler: str
    schedule: str
    steps: int
    sigmas: list[float]
    networks: list[str]


class Plan(Answer):
    """What a request will do; sizes and boxes in px."""

    mode: str
    profile: str
    model: str
    output_size: Pair
    working_size: Pair
    box: Box | None = Field(description="left, top, right, bottom of what is worked on; null = the whole picture")
    place: Box | None = Field(description="where the given picture lies in one that was extended")
    upscaler: str | None = Field(description="network that enlarges the source before it is painted; null = none")
    sampler: str
    schedule: str
    steps_requested: int
    steps: int
    passes: list[Pass]
    sigmas: list[float]
    first_sigma: float | None
    latent_cells: int
    latent_cells_repainted: int
    model_calls: int
    memory_bytes: int
    networks: list[str]
    embeddings: list[str]
    seeds: list[int]
    variation_seeds: list[int]
    warnings: list[PlanWarning]


class TimedPlan(Plan):
    """A plan with an estimate of its time."""

    seconds: float | None = Field(description="null before the first job with this model")


class PartPlan(Answer):
    """What a script will do in one part of the picture."""

    label: str
    box: Box | None
    working_size: Pair
    steps: int
    denoising_strength: float
    prompt: str
    seed: int


class ScriptPlan(Answer):
    """What a script will do."""

    script: str
    options: Values
    mode: str
    model: str
    runs: int = Field(description="requests that are run")
    pictures: int = Field(description="how many it gives in the end, without a page")
    pictures_painted: int = Field(description="how many are painted on the way")
    page: bool = Field(description="whether all of them are put on one page too")
    box: None = Field(description="each run has its own")
    place: None = Field(description="each run has its own")
    output_sizes: list[Pair]
    labels: list[str]
    steps: int = Field(description="of all pictures together")
    model_calls: int
    memory_bytes: int
    seeds: list[int]
    parts: list[PartPlan] | None = Field(None, description="of a script that paints a picture in parts: each of them")
    warnings: list[PlanWarning]


class TimedScriptPlan(ScriptPlan):
    """A script's plan with an estimate of its time."""

    seconds: float | None


class Footprint(Answer):
    """What changed outside the mask."""

    pixels_changed_outside: int
    reach_px: int = Field(description="how far the farthest of them is from what was painted")
    largest_change: int


class Picture(Answer):
    """A finished picture."""

    id: str
    job: str
    index: int
    created: float
    width: int
    height: int
    format: str
    bytes: int
    seed: int | None
    mode: str
    prompt: str
    negative_prompt: str
    model: str
    favourite: bool
    tags: list[str]
    trashed: bool
    footprint: Footprint | None
    label: str = Field(description="what it is among the pictures of a script")
    file: str
    thumbnail: str


class PictureDetail(Picture):
    """A picture with how it was made."""

    infotext: str | None
    recipe: Values | None
    request: Values | None = Field(description="makes it again")


class Pictures(Answer):
    """A page of the history."""

    pictures: list[Picture]
    next: str | None = Field(description="`before` of the next page")


class Removed(Answer):
    """How many pictures were deleted for good."""

    removed: int


class Progress(Answer):
    """How far a job is; of a script, pictures are those that are painted."""

    picture: int
    pictures: int
    step: int
    steps: int
    fraction: float
    seconds_left: float | None


class JobError(Answer):
    """Why a job failed."""

    title: str
    detail: str
    field: str | None


class JobScript(Answer):
    """The script of a job."""

    name: str
    options: Values
    page: int | None = Field(description="which of the job's pictures is the page of all others")


class Job(Answer):
    """An accepted request."""

    id: str
    state: State
    priority: Priority
    origin: str
    mode: str
    format: str
    keep: bool
    created: float
    started: float | None
    finished: float | None
    attempts: int
    position: int | None
    progress: Progress
    request: Values
    script: JobScript | None
    plan: Plan | ScriptPlan
    seeds: list[int]
    pictures: list[Picture]
    error: JobError | None


class EventHead(Answer):
    """What every event but `done` tells."""

    job: str
    seq: int
    time: float


class LoadingEvent(EventHead):
    """A model is brought into memory."""

    model: str


class StartedEvent(EventHead):
    """Work has begun."""

    plan: Plan | ScriptPlan


class StepEvent(EventHead):
    """A step was made."""

    picture: int
    pictures: int
    step: int
    steps: int
    sigma: float | None
    steps_per_second: float | None
    seconds_left: float | None


class PreviewEvent(EventHead):
    """What is predicted so far."""

    picture: int
    step: int
    jpeg: str = Field(description="a data URI")
    box: Box | None


class PictureEvent(EventHead):
    """A picture is finished."""

    picture: Picture


class DoneEvent(Answer):
    """The job is done."""

    job: Job
    seq: int
    time: float


class FailedEvent(EventHead):
    """The job failed."""

    error: JobError


class JobEvents(Answer):
    """The data of server-sent events, by the name of the event."""

    queued: EventHead
    loading: LoadingEvent
    started: StartedEvent
    step: StepEvent
    preview: PreviewEvent
    picture: PictureEvent
    done: DoneEvent
    failed: FailedEvent
    cancelled: EventHead


class Found(Answer):
    """The request that was read."""

    request: Values
    infotext: str | None
    recipe: Values | None
    notes: list[str] = Field(description="what was not understood")


class Written(Answer):
    """A request in other words."""

    cli: str
    python: str
    curl: str
    a1111: str
