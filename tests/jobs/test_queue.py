"""The queue: what is accepted stays, what is next follows the law, and nothing is done twice."""

import json
import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from pentimento.errors import RequestError
from pentimento.jobs.job import JobError, JobNotFound, Limits, QueueDamaged, QueueFull
from pentimento.jobs.key import Key
from pentimento.jobs.queue import Queue, StoredEvent
from pentimento.jobs.submission import Submission

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "15"))
LOST = JobError("The worker died", "it was killed")


def submission(
    owner: str = "", priority: str = "interactive", group: str = "m|64", pictures: int = 1, **more
) -> Submission:
    return replace(
        Submission(
            owner=owner,
            origin="native",
            priority=priority,
            mode="txt2img",
            format="png",
            keep=True,
            group=group,
            request='{"prompt": "a fox"}',
            plan='{"steps": 3}',
            seeds=tuple((index, index) for index in range(pictures)),
            same=None,
        ),
        **more,
    )


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "jobs.sqlite", Limits(queued=20, queued_per_owner=10, passed_over=3))
    yield queue
    queue.close()


def claimed(queue: Queue, at_hand: str = "") -> list[str]:
    order: list[str] = []
    while (row := queue.claim(at_hand)) is not None:
        order.append(row.id)
        at_hand = row.group
    return order


def test_interactive_goes_before_batch_and_the_old_before_the_young(queue: Queue) -> None:
    batch = [queue.add(submission(priority="batch")).id for _ in range(2)]
    interactive = [queue.add(submission()).id for _ in range(2)]
    positions = [queue.position(queue.get(id)) for id in (*interactive, *batch)]
    assert positions == [1, 2, 3, 4]
    assert claimed(queue) == [*interactive, *batch]


def test_jobs_of_one_shape_and_model_go_together(queue: Queue) -> None:
    groups = ["a|64", "b|64", "a|128", "a|64", "b|64", "a|128"]
    ids = [queue.add(submission(group=group)).id for group in groups]
    order = [queue.get(id).group for id in claimed(queue)]
    assert order == ["a|64", "a|64", "a|128", "a|128", "b|64", "b|64"]
    assert len(ids) == 6


def test_no_job_is_passed_over_more_often_than_the_limit(queue: Queue) -> None:
    queue.add(submission(group="a|64"))
    waits = queue.add(submission(group="b|64")).id
    for _ in range(6):
        queue.add(submission(group="a|64"))
    order = claimed(queue)
    assert order.index(waits) == 1 + queue.limits.passed_over


def test_a_fuller_queue_is_refused_with_its_number(queue: Queue) -> None:
    for _ in range(10):
        queue.add(submission(owner="ann"))
    with pytest.raises(QueueFull, match="10 of your jobs wait"):
        queue.add(submission(owner="ann"))
    for _ in range(10):
        queue.add(submission(owner="bob"))
    with pytest.raises(QueueFull, match="20 jobs wait"):
        queue.add(submission(owner="cid"))
    queue.claim()
    queue.add(submission(owner="cid"))


def test_the_same_request_of_the_same_owner_is_done_at_once(queue: Queue) -> None:
    first = queue.add(submission(owner="ann", same="x"))
    assert queue.add(submission(owner="ann", same="x")).state == "queued"
    queue.claim()
    queue.picture(first.id, 0, "picture-of-first")
    queue.finish(first.id)
    again = queue.add(submission(owner="ann", same="x"))
    assert (again.state, again.pictures, again.attempts) == ("done", {0: "picture-of-first"}, 0)
    assert [event.kind for event in queue.events(0, again.id)] == ["queued", "picture", "done"]
    assert queue.add(submission(owner="bob", same="x")).state == "queued"
    assert queue.add(submission(owner="ann", same="y")).state == "queued"
    assert queue.add(submission(owner="ann", same="x"), lambda picture: False).state == "queued"


def test_a_job_that_kills_its_worker_fails_after_some_times(queue: Queue) -> None:
    id = queue.add(submission(pictures=2)).id
    for _ in range(queue.limits.losses - 1):
        queue.claim()
        assert queue.lose(id, LOST)
    queue.claim()
    queue.picture(id, 1, "one")  # it gets somewhere: the count begins anew
    for _ in range(queue.limits.losses - 1):
        assert queue.lose(id, LOST)
        queue.claim()
    assert not queue.lose(id, LOST)
    row = queue.get(id)
    assert row.state == "failed" and row.error is not None and row.error.detail == "it was killed (3 times)"
    assert row.wanted == (0,)


def test_others_jobs_are_not_there(queue: Queue) -> None:
    id = queue.add(submission(owner="ann")).id
    for owner, name in (("bob", id), (None, "nothing")):
        with pytest.raises(JobNotFound):
            queue.get(name, owner)
    assert queue.list("bob") == [] and [row.id for row in queue.list("ann")] == [id]


def test_lists_go_on_behind_a_job(queue: Queue) -> None:
    ids = [queue.add(submission()).id for _ in range(5)][::-1]
    first = [row.id for row in queue.list(limit=2)]
    assert first + [row.id for row in queue.list(limit=9, before=first[-1])] == ids
    queue.cancel(ids[2])
    assert [row.id for row in queue.list(states=("cancelled", "done"))] == [ids[2]]


def test_ended_jobs_are_forgotten_and_only_pictures_that_none_has_are_given(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "q", Limits(kept_seconds=100, kept_jobs=2, temporary_seconds=10))
    ids: list[str] = []
    for keep in (False, True, True, True):
        ids.append(queue.add(submission(keep=keep, same=str(keep))).id)
        queue.claim()
        if queue.get(ids[-1]).state == "running":
            queue.picture(ids[-1], 0, f"picture-{ids[-1]}")
            queue.finish(ids[-1])
    shared = queue.add(submission(keep=False, same="False"))
    assert shared.state == "done"
    assert queue.forget() == []  # the first two are too many, but the last job has the first one's picture
    assert [row.id for row in queue.list()] == [shared.id, ids[3]]
    assert shared.finished is not None
    assert queue.forget(shared.finished + 11) == [f"picture-{ids[0]}"]
    assert queue.forget(shared.finished + 101) == []
    assert queue.list() == [] and queue.events(0) == []
    queue.close()


def test_sequence_numbers_grow_over_restarts(tmp_path: Path) -> None:
    seen: list[StoredEvent] = []
    for _ in range(3):
        queue = Queue(tmp_path / "q", on_event=seen.append)
        queue.add(submission())
        passing = queue.next_seq()
        assert passing > seen[-1].seq
        queue.close()
    numbers = [event.seq for event in seen]
    assert numbers == sorted(set(numbers))


def test_a_job_that_is_sent_again_is_the_same_one_also_after_a_restart(tmp_path: Path) -> None:
    limits = Limits(queued=2)
    queue = Queue(tmp_path / "q", limits)
    first = queue.add(submission(key=Key("a", "one")))
    assert queue.add(submission(key=Key("a", "one"))) == first
    other = queue.add(submission(owner="ann", key=Key("a", "two")))
    queue.close()
    queue = Queue(tmp_path / "q", limits)
    # Where no more is taken, what was taken is still told.
    assert queue.add(submission(key=Key("a", "one"))) == first == queue.sent_before("", Key("a", "one"))
    assert queue.sent_before("ann", Key("a", "two")) == other and queue.sent_before("bob", Key("a", "two")) is None
    for again in (queue.add, lambda new: queue.sent_before("", new.key)):
        with pytest.raises(RequestError, match=f"job {first.id} was sent with this key"):
            again(submission(key=Key("a", "two")))
    queue.cancel(first.id)
    assert queue.add(submission(key=Key("a", "one"))).state == "cancelled"
    queue.forget(now=1e12)
    again = queue.add(submission(key=Key("a", "two")))
    assert again.id != first.id and again.state == "queued"
    queue.close()


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 256, "a\n"])
def test_a_key_is_visible_ascii(name: str) -> None:
    with pytest.raises(RequestError, match="Idempotency-Key"):
        Key(name, "")


@pytest.mark.parametrize("content", [b"no database" * 99, None])
def test_a_queue_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "jobs.sqlite"
    Queue(path).close()
    if content is None:
        with closing(sqlite3.connect(path)) as newer:
            newer.execute("PRAGMA user_version = 99")
    else:
        path.write_bytes(content)
    with pytest.raises(QueueDamaged, match="move it away"):
        Queue(path)


class QueueMachine(RuleBasedStateMachine):
    """Everything that can happen to a queue, against a model of dictionaries; it is opened again at any time."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.limits = Limits(queued=12, queued_per_owner=8, losses=2, passed_over=2)
        self.queue = self.opened()
        self.states: dict[str, str] = {}
        self.number: dict[str, int] = {}
        self.pictures: dict[str, set[int]] = {}
        self.passed: dict[str, int] = {}

    def opened(self) -> Queue:
        return Queue(Path(self.folder.name) / "q", self.limits)

    def teardown(self) -> None:
        self.queue.close()
        self.folder.cleanup()

    def waiting(self) -> list[str]:
        return [id for id, state in self.states.items() if state == "queued"]

    @rule(
        priority=st.sampled_from(["interactive", "batch"]),
        group=st.sampled_from(["a|64", "a|128", "b|64"]),
        owner=st.sampled_from(["ann", "bob"]),
        pictures=st.integers(1, 3),
    )
    def submit(self, priority: str, group: str, owner: str, pictures: int) -> None:
        own = sum(self.queue.get(id).owner == owner for id in self.waiting())
        if len(self.waiting()) >= 12 or own >= 8:
            with pytest.raises(QueueFull):
                self.queue.add(submission(owner, priority, group, pictures))
            return
        id = self.queue.add(submission(owner, priority, group, pictures)).id
        self.states[id] = "queued"
        self.number[id] = len(self.number)
        self.pictures[id] = set()
        self.passed[id] = 0

    @rule(target=running, at_hand=st.sampled_from(["", "a|64", "a|128", "b|64"]))
    def claim(self, at_hand: str) -> str | None:
        row = self.queue.claim(at_hand)
        waiting = [self.queue.get(id) for id in self.waiting() if row is None or id != row.id]
        if row is None:
            assert not waiting
            return None
        assert self.states[row.id] == "queued"
        self.states[row.id] = "running"
        if row.priority == "batch":
            assert all(other.priority == "batch" for other in waiting), "interactive goes before batch"
        older = [other for other in waiting if other.priority == row.priority and other.number < row.number]
        if older:
            assert row.group.split("|")[0] == at_hand.split("|")[0], "only what is at hand goes before what is older"
        for other in older:
            self.passed[other.id] += 1
            assert self.passed[other.id] <= self.limits.passed_over, "nobody waits for ever"
        return row.id

    @rule(id=running, index=st.integers(0, 2))
    def picture(self, id: str | None, index: int) -> None:
        if id is not None and self.states[id] == "running" and index < len(self.queue.get(id).seeds):
            self.queue.picture(id, index, f"{id}-{index}")
            self.pictures[id].add(index)

    @rule(id=consumes(running), how=st.sampled_from(["finish", "fail", "cancel", "put_back", "lose"]))
    def end(self, id: str | None, how: str) -> None:
        if id is None or self.states[id] != "running":
            return
        acts = {
            "finish": lambda: self.queue.finish(id) or "done",
            "fail": lambda: self.queue.fail(id, LOST) or "failed",
            "cancel": lambda: self.queue.cancel(id) and "cancelled",
            "put_back": lambda: self.queue.put_back(id) or "queued",
            "lose": lambda: "queued" if self.queue.lose(id, LOST) else "failed",
        }
        self.states[id] = acts[how]()

    @rule(data=st.data())
    def cancel_a_waiting_one(self, data: st.DataObject) -> None:
        if self.waiting():
            id = data.draw(st.sampled_from(self.waiting()))
            assert self.queue.cancel(id) and not self.queue.cancel(id)
            self.states[id] = "cancelled"

    @rule()
    def die_and_come_again(self) -> None:
        # Nothing is closed in order: what is on disk is all there is. The old connections fall with the object.
        self.queue = self.opened()
        for row in self.queue.list(states=("running",), limit=99):
            self.states[row.id] = "queued" if self.queue.lose(row.id, LOST) else "failed"

    @invariant()
    def what_was_accepted_is_there(self) -> None:
        rows = {row.id: row for row in self.queue.list(limit=999)}
        assert {id: row.state for id, row in rows.items()} == self.states
        assert {id: set(row.pictures) for id, row in rows.items()} == self.pictures
        for row in rows.values():
            assert set(row.wanted) == set(range(len(row.seeds))) - self.pictures[row.id]

    @invariant()
    def events_tell_the_same(self) -> None:
        kinds: dict[str, list[str]] = {}
        for event in self.queue.events(0, limit=9999):
            kinds.setdefault(event.job, []).append(event.kind)
        for id, state in self.states.items():
            told = [kind for kind in kinds[id] if kind in ("done", "failed", "cancelled")]
            assert told == ([state] if state in ("done", "failed", "cancelled") else [])
            assert kinds[id].count("picture") == len(self.pictures[id])


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_row_holds_what_was_given(queue: Queue) -> None:
    new = submission(owner="ann", pictures=3, format="webp", keep=False, request=json.dumps({"prompt": "ü 🎨"}))
    row = queue.add(new)
    assert (row.owner, row.format, row.keep, row.request) == ("ann", "webp", False, {"prompt": "ü 🎨"})
    assert row.seeds == new.seeds and row.plan == {"steps": 3} and row.state == "queued"
