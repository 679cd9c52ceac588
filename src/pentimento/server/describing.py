"""Pictures described in a process of their own, as the command does it: the server itself never loads torch."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE

from ..models.captioners import WAY_TO_GET_ONE
from .errors import Refusal
from .service import Service

_STATUSES = {2: 422, 3: 422, 5: 507}
"""What the exit codes of the command mean over HTTP; others are the server's failure."""


def check_can_describe(service: Service) -> None:
    """Refuse where no model that describes pictures is here."""
    if not service.studio.captioners:
        raise Refusal(501, f"pictures are not described here: there is no model for it; {WAY_TO_GET_ONE}")


async def describe(service: Service, picture: bytes) -> str:
    """Say what a picture shows; the process ends with who asked.

    Raises
    ------
    Refusal
        Where the command refuses, with its sentence.
    """
    settings = service.settings
    models = [flag for folder in settings.models for flag in ("--models", str(folder))]
    machine = ["--device", settings.devices[0], "--dtype", settings.dtype, "--model", service.studio.captioners[0].name]
    command = [sys.executable, "-P", "-m", "pentimento", "describe", "-", "--json", *machine, *models]
    async with service.describing:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            told, complaint = await process.communicate(picture)
        finally:
            if process.returncode is None:
                process.kill()
    if process.returncode:
        sentence = complaint.decode(errors="replace").strip().rpartition("\n")[2].removeprefix("pentimento: ")
        raise Refusal(_STATUSES.get(process.returncode, 500), sentence or "the picture could not be described")
    return str(json.loads(told)["description"])
