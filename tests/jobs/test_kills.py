"""kill -9 of server and worker at random moments: nothing lost, nothing twice, no torn file."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from pentimento import metadata
from pentimento.jobs.orders import ScriptOrder
from pentimento.jobs.perform import read_course
from pentimento.jobs.queue import Queue, Row
from pentimento.jobs.submission import read_pictures
from pentimento.recipe import open_recipe, pixels_sha256
from pentimento.request import Request
from pentimento.scripts import run_script
from pentimento.store import Store

from .free import FreeStudio, files_below
from .lives import noted

ROOT = Path(__file__).parents[2]
# `make test-long` kills two hundred times.
KILLS = int(os.environ.get("PENTIMENTO_KILLS", "12"))
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="fork and signals of POSIX")


def die_often(folder: Path, kills: int, place: str) -> None:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    subprocess.run(
        [sys.executable, "-m", "tests.jobs.lives", str(folder), str(kills), "1", place],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize(("place", "kills"), [("thread", KILLS), ("process", KILLS // 10)])
def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path, place: str, kills: int) -> None:
    die_often(tmp_path, kills, place)
    queue, store = Queue(tmp_path / "data" / "jobs.sqlite"), Store(tmp_path / "data")
    rows = {row.id: row for row in queue.list(limit=100_000)}
    queue.close()
    accepted = noted(tmp_path, "accepted")
    cancelling = {line["cancelling"] for line in noted(tmp_path, "cancelling")}
    assert len(accepted) >= kills
    assert kills < 10 or any(row.attempts > 1 for row in rows.values()), "no kill hit a job that was running"
    expected: Counter[str] = Counter()
    for line in accepted:
        row = rows[line["accepted"]]
        assert [seed for seed, _ in row.seeds] == line["seeds"]
        assert row.state == "done" or (row.state == "cancelled" and row.id in cancelling)
        if row.state == "done":
            assert list(row.pictures) == list(range(len(row.seeds)))
    for row in rows.values():
        # Jobs that were answered from another's result made none themselves.
        expected[row.id] = sum(name.startswith(row.id) for name in row.pictures.values())
    made = Counter(picture.job for id in rows for picture in store.of_job(id))
    assert made == +expected
    kept = {row.id for row in rows.values() if row.keep}
    listed = listed_ids(store)
    assert len(listed) == len(set(listed)) == sum(count for id, count in made.items() if id in kept)
    files = files_below(tmp_path / "data", ("pictures", "temporary", "trash", "unfinished"))
    assert len(files) == made.total() and files_below(tmp_path / "data", ("runs",)) == []
    for file in files:
        with Image.open(file) as image:
            # What a script put together of several pictures has no recipe.
            recipe = metadata.read(file.read_bytes()).recipe
            assert recipe is None or pixels_sha256(image) == open_recipe(file).pixels
    check_scripts(tmp_path, store, [row for row in rows.values() if row.script and row.state == "done"])
    assert store.rebuild() == made.total() and listed_ids(store) == listed
    store.close()


def check_scripts(folder: Path, store: Store, rows: list[Row]) -> None:
    """See that what scripts gave, however often they were interrupted, is what they give in one go."""
    studio = FreeStudio(data=str(folder / "data" / "inputs"))
    for row in rows:
        pictures, script = read_pictures(row.request, store.inputs), dict(row.script or {})
        assert not isinstance(pictures, str)
        order = ScriptOrder(**{**script, "options": json.dumps(script["options"])}, pictures={})
        whole = run_script(studio, read_course(order, Request(**{**row.request, **pictures})))
        mine = [*whole.images, *([whole.page] if whole.page else [])]
        for image, name in zip(mine, row.pictures.values(), strict=True):
            with Image.open(store.path(name)) as there:
                assert pixels_sha256(there) == pixels_sha256(image), (row.id, script["name"])


def listed_ids(store: Store) -> list[str]:
    ids: list[str] = []
    page = store.search(limit=100)
    while page.pictures:
        ids += [picture.id for picture in page.pictures]
        page = store.search(limit=100, before=page.next) if page.next else store.search(limit=0)
    return ids
