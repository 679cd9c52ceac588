"""kill -9 of the server at random moments under a client: each job once, though answers were lost; no torn file."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from pentimento.jobs.queue import Queue
from pentimento.store import Store
from tests.jobs.free import files_below
from tests.jobs.lives import noted
from tests.jobs.test_kills import KILLS, ROOT, check_scripts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="fork and signals of POSIX")


def test_what_a_client_sends_is_done_once_however_often_the_server_is_killed(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    subprocess.run(
        [sys.executable, "-m", "tests.server.lives", str(tmp_path), str(max(3, KILLS // 4)), "1"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )
    queue, store = Queue(tmp_path / "data" / "jobs.sqlite"), Store(tmp_path / "data")
    rows = {row.id: row for row in queue.list(limit=100_000)}
    queue.close()
    accepted = noted(tmp_path, "accepted")
    assert all(line["ids"] == [line["accepted"]] for line in accepted), "one key was answered with two jobs"
    assert Counter(rows.keys()) == Counter(line["accepted"] for line in accepted)
    for line in accepted:
        row = rows[line["accepted"]]
        assert [seed for seed, _ in row.seeds] == line["seeds"]
        # What died with the server too often in a row is told to be so.
        assert row.state == "done" or (row.error is not None and row.error.title == "The server died")
        assert row.state != "done" or list(row.pictures) == list(range(len(row.seeds)))
    made = Counter(picture.job for id in rows for picture in store.of_job(id))
    own = {row.id: sum(name.startswith(row.id) for name in row.pictures.values()) for row in rows.values()}
    assert made == +Counter(own)
    files = files_below(tmp_path / "data", ("pictures", "temporary", "trash", "unfinished"))
    assert len(files) == made.total() and files_below(tmp_path / "data", ("runs",)) == []
    for file in files:
        with Image.open(file) as image:
            image.load()
    scripted = [row for row in rows.values() if row.script and row.state == "done"]
    assert scripted
    check_scripts(tmp_path, store, scripted)
    store.close()
