"""How jobs and pictures are told by the native API."""

from typing import Any

from ...jobs import Job
from ...store import Picture


def picture_told(picture: Picture) -> dict[str, Any]:
    """Give a picture with the addresses of its file and thumbnail."""
    here = f"/api/v1/pictures/{picture.id}"
    return {**picture.as_dict(), "file": f"{here}/file", "thumbnail": f"{here}/thumbnail"}


def job_told(job: Job) -> dict[str, Any]:
    """Give a job, its pictures with their addresses."""
    return {**job.as_dict(), "pictures": [picture_told(picture) for picture in job.pictures]}
