"""The queue of jobs on disk, and what does them."""

from .job import (
    PRIORITIES,
    STATES,
    Job,
    JobError,
    JobEvent,
    JobNotFound,
    Limits,
    Priority,
    Progress,
    QueueDamaged,
    QueueFull,
    State,
    Stopping,
)
from .key import Key
from .local import LocalExecutor
from .orders import Executor, Order, PlaceStatus, Report
from .service import Jobs
from .submission import replaced

__all__ = [
    "PRIORITIES",
    "STATES",
    "Executor",
    "Job",
    "JobError",
    "JobEvent",
    "JobNotFound",
    "Jobs",
    "Key",
    "Limits",
    "LocalExecutor",
    "Order",
    "PlaceStatus",
    "Priority",
    "Progress",
    "QueueDamaged",
    "QueueFull",
    "Report",
    "State",
    "Stopping",
    "replaced",
]
