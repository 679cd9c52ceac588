"""What the routes of all dialects share: the planning studio, the queue, the store, and who is asking."""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from ..errors import RequestError
from ..inputs import Inputs
from ..jobs import Executor, Job, Jobs, Limits, LocalExecutor, Priority
from ..models.downloads import Downloads
from ..plan import Plan
from ..request import Request
from ..scripts import Options, Script, ScriptPlan, plan_script
from ..store import Chains, Store
from ..studio import Studio
from .errors import Refusal
from .fetching import is_public
from .incoming import Incoming
from .pace import Pace
from .seen import Meters
from .settings import Settings


@dataclass
class Service:
    """One server's parts.

    Attributes
    ----------
    studio : plans, and never loads a model
    downloads : models on their way into the server's own folder
    at_hand : names of the models that the engines were given last, and so still have in memory
    stopping : set when the server is asked to stop, so that open answers can end
    describing : held while a picture is described, which is done for one at a time
    """

    settings: Settings
    studio: Studio
    store: Store
    chains: Chains
    jobs: Jobs
    incoming: Incoming
    downloads: Downloads
    at_hand: deque[str] = field(default_factory=deque[str])
    pace: Pace = field(default_factory=Pace)
    meters: Meters = field(default_factory=Meters)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    describing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def learn(self) -> None:
        """Note, as long as the server runs, what jobs tell of engines: models at hand, time for a job."""
        async for event in self.jobs.events(after=None):
            if event.kind == "started":
                name = str(event.data["plan"]["model"])
                others = [one for one in self.at_hand if one != name]
                self.at_hand = deque([*others, name], maxlen=self.jobs.executor.capacity)
            self.pace.hear(event, lambda job=event.job: self.jobs.get(job))

    async def plan(self, request: Request) -> Plan:
        """Plan outside the event loop."""
        return await run_in_threadpool(self.studio.plan, request)

    def plan_script(self, request: Request, script: Script, options: Options) -> ScriptPlan:
        """Plan a script, and refuse what its runs may not ask for here."""
        return plan_script(_RunsPlanner(self), script, request, options, keep=_without_pictures)

    async def submit(
        self,
        request: Request,
        *,
        owner: str,
        origin: str,
        priority: Priority = "interactive",
        format: str = "png",
        keep: bool = True,
    ) -> tuple[Job, Plan]:
        """Plan a request and put it into the queue."""
        plan = await self.plan(request)
        job = await self.jobs.submit(
            request, plan, owner=owner, origin=origin, priority=priority, format=format, keep=keep
        )
        return job, plan

    async def finished(self, job_id: str) -> Job:
        """Wait for the end of a job, or of the server.

        Raises
        ------
        Refusal
            Where the server stops first; the job goes on when it runs again.
        """
        waiting = asyncio.ensure_future(self.jobs.wait(job_id))
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            raise Refusal(503, f"the server stops; job {job_id} goes on when it runs again")
        finally:
            waiting.cancel()
            stopping.cancel()

    def failure(self, job: Job) -> Refusal:
        """Tell why a job failed, as an answer to who waits for it."""
        error = job.error
        detail = error.detail if error else "the job failed"
        status = 507 if error and "memory" in error.title else 422 if error and error.field else 500
        return Refusal(status, detail)

    def as_done(self, plan: Plan, job: Job) -> Plan:
        """Give a plan the pictures that its job has made, with their seeds: an equal request may have been answered
        before, and pictures may have been left out."""
        pictures = [replace(own, seed=seed) for own, seed in zip(plan.pictures, job.seeds, strict=True)]
        made = [pictures[picture.index] for picture in job.pictures]
        return replace(plan, pictures=tuple(made or pictures))

    def files(self, job: Job) -> dict[int, bytes]:
        """Read the files of a job's pictures, by their place."""
        return {picture.index: self.store.path(picture.id).read_bytes() for picture in job.pictures}

    def refresh(self) -> None:
        """Look through the folders of models, networks and styles again."""
        self.studio.refresh()


@dataclass
class _RunsPlanner:
    """Plans the requests that a script asks for.

    Attributes
    ----------
    count : of those so far; a script plans each request that it runs, and some to see what they come to
    """

    service: Service
    count: int = 0

    def plan(self, request: Request) -> Plan:
        self.count += 1
        most = self.service.settings.bounds.script_runs
        if self.count > most:
            raise RequestError("script", f"more than {most} runs", f"a script may have {most} runs here; ask for fewer")
        self.service.incoming.check_run(request)
        return self.service.studio.plan(request)


def _without_pictures(plan: Plan) -> Plan:
    """Let go of the decoded pictures of a run: of many runs, they would fill the memory."""
    return replace(plan, inputs=Inputs())


def open_studio(settings: Settings) -> Studio:
    """Open the studio that plans; the engine's processes have their own."""
    return Studio(**_studio_settings(settings), device=settings.devices[0], paths=False)


def _studio_settings(settings: Settings) -> dict[str, Any]:
    return {
        "models": _folders(settings),
        "model": settings.model,
        "dtype": settings.dtype,
        "data": str(settings.data / "inputs"),
        "styles": settings.styles,
        "download": settings.download,
        "preview": settings.preview,
    }


def _folders(settings: Settings) -> tuple[str, ...]:
    """Give the folders that were given, and the server's own, where downloads go."""
    own = settings.data / "models"
    own.mkdir(parents=True, exist_ok=True)
    return (*settings.models, str(own))


def open_service(settings: Settings, executor: Executor | None = None) -> Service:
    """Open the data folder and everything on it.

    Parameters
    ----------
    executor : does the jobs; left out = a process for each device of this machine

    Raises
    ------
    FolderInUse
        Where another server works on the folder.
    """
    store = Store(settings.data)
    executor = executor or LocalExecutor(_studio_settings(settings), settings.devices)
    limits = Limits(queued_per_owner=settings.bounds.queued_jobs)
    studio = open_studio(settings)
    return Service(
        settings=settings,
        studio=studio,
        store=store,
        chains=Chains(settings.data / "chains"),
        jobs=Jobs(settings.data, executor, store, limits),
        incoming=Incoming(store.inputs, settings.bounds, _folders(settings)),
        downloads=Downloads(settings.data / "models", studio.refresh, is_public),
    )


def _service(connection: HTTPConnection) -> Service:
    return cast(Service, connection.app.state.service)


def _owner(connection: HTTPConnection) -> str:
    return cast(str, connection.state.owner)


TheService = Annotated[Service, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]
"""Name of the user who asks; "" where the server has no users."""
