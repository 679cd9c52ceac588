"""Downloads from a hub on this machine: whole, resumed, refused, and never half there."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save

from pentimento.errors import DownloadError, ModelNotFoundError
from pentimento.models.catalogue import catalogue
from pentimento.models.downloads import Download, Source, read_source
from pentimento.models.downloads import download as module
from pentimento.models.downloads.transfer import Route, Stopped
from pentimento.models.find import BUILTIN, scan
from pentimento.models.provenance import Provenance, provenance_of
from pentimento.server.fetching import is_public
from tests.hub import COMMIT, TOKEN, LocalHub, serving

HUB = "somebody/small"
NETWORK = save({f"lora_unet_{n}.lora_{side}.weight": np.ones((4, 4), "f4") for n in "ab" for side in ("up", "down")})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    """A hub with the built-in model, and the environment that leads to it."""
    with serving() as running:
        running.put(HUB, BUILTIN)
        running.repositories[HUB]["run_me.py"] = b"print('no')"
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("PENTIMENTO_DATA", str(tmp_path / "data"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def fetch(folder: Path, source: Source) -> Path:
    return Download(folder, source).run(threading.Event())


def stopped_at(share: float, download: Download) -> None:
    """Run a download until so much has arrived, then stop it."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            progress = download.progress()
            if progress.total and progress.received >= share * progress.total:
                stop.set()
            time.sleep(0.002)

    watching = threading.Thread(target=watch)
    watching.start()
    with pytest.raises(Stopped):
        download.run(stop)
    watching.join()


def large_part(hub: LocalHub) -> tuple[str, bytes]:
    return max(hub.repositories[HUB].items(), key=lambda row: len(row[1]))


def test_a_model_of_the_hub_arrives_whole_and_knows_where_it_came_from(hub: LocalHub, folder: Path) -> None:
    place = fetch(folder, read_source(HUB))
    assert place == folder / HUB
    for path, data in hub.repositories[HUB].items():
        if path.endswith(".safetensors"):
            assert (place / path).read_bytes() == data
    assert not (place / "run_me.py").exists()
    assert provenance_of(place) == Provenance(HUB, COMMIT, "mit")
    assert not any((folder / ".downloads").iterdir())
    library = scan([folder])
    assert library.find("small").path == library.find(HUB).path == place
    before = len(hub.asked)
    assert fetch(folder, read_source(HUB)) == place
    assert len(hub.asked) == before


def test_what_was_stopped_goes_on_where_it_stopped(hub: LocalHub, folder: Path) -> None:
    name, data = large_part(hub)
    hub.bytes_per_second = 40e6
    download = Download(folder, read_source(HUB))
    stopped_at(0.75, download)
    assert download.state == "paused" and not (folder / HUB).exists()
    kept = (download.work / "parts" / name).stat().st_size
    assert 0 < kept < len(data)
    hub.asked.clear()
    hub.bytes_per_second = None
    again = Download.of(folder, read_source(HUB))
    assert again.progress().received == download.progress().received
    place = again.run(threading.Event())
    assert (place / name).read_bytes() == data
    first = next(asked for path, asked, _ in hub.asked if path.endswith(name))
    assert first == f"bytes={kept}-"


def test_broken_connections_and_busy_servers_are_tried_again(
    hub: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, data = large_part(hub)
    hub.cuts = [len(data) // 4, 100_000, 300_000, 70_000]
    hub.statuses = [503, 429]
    place = fetch(folder, read_source(HUB))
    assert (place / name).read_bytes() == data
    assert not hub.cuts and not hub.statuses


def test_a_server_without_ranges_is_read_from_the_start(hub: LocalHub, folder: Path) -> None:
    name, data = large_part(hub)
    hub.know_ranges = False
    hub.cuts = [len(data) // 2]
    assert (fetch(folder, read_source(HUB)) / name).read_bytes() == data


def test_a_connection_that_stays_broken_says_so_and_keeps_what_came(hub: LocalHub, folder: Path) -> None:
    hub.statuses = [503] * 5
    download = Download(folder, read_source(HUB))
    with pytest.raises(DownloadError, match="answers 503.*what has arrived is kept"):
        download.run(threading.Event())
    assert download.state == "failed" and download.error
    assert Download.of(folder, read_source(HUB)).run(threading.Event()).is_dir()


def test_damage_on_the_way_is_noticed_and_mended(hub: LocalHub, folder: Path) -> None:
    name, data = large_part(hub)
    hub.damage = {name}
    download = Download(folder, read_source(HUB))
    with pytest.raises(DownloadError, match=f"{name} of '{HUB}' arrived damaged"):
        download.run(threading.Event())
    assert not (folder / HUB).exists()
    hub.damage = set()
    hub.asked.clear()
    assert (download.run(threading.Event()) / name).read_bytes() == data
    assert [path.rpartition(f"{COMMIT}/")[2] for path, _, _ in hub.asked] == [name]


def test_gated_models_say_what_to_do_and_come_with_a_token(
    hub: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated = {HUB}
    with pytest.raises(DownloadError, match=f"accept its terms: open {hub.url}/{HUB}.*HF_TOKEN"):
        fetch(folder, read_source(HUB))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert fetch(folder, read_source(HUB)).is_dir()


def _pickles(hub: LocalHub) -> None:
    hub.repositories["a/b"] = {"model.ckpt": b"PK\x03\x04", "README.md": b""}


def _several(hub: LocalHub) -> None:
    hub.repositories["a/b"] = {"one.safetensors": NETWORK, "two.safetensors": NETWORK}


def _in_pieces(hub: LocalHub) -> None:
    files = {name: data for name, data in hub.repositories[HUB].items() if not name.startswith("unet/diff")}
    hub.repositories["a/b"] = {**files, "unet/diffusion_pytorch_model.bin": b"PK\x03\x04"}


def _flux(hub: LocalHub) -> None:
    hub.repositories["a/b"] = {"flux.safetensors": save({"double_blocks.0.img_attn.qkv.weight": np.ones((512, 512))})}


def _web_page(hub: LocalHub) -> None:
    hub.repositories["a/b"] = {"model.safetensors": b"<html>log in</html>" * 100}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda hub: None, "the hub has no model 'a/b', or it is private"),
        (_pickles, "only pickles"),
        (_several, "name one of its files: one.safetensors, two.safetensors"),
        (_in_pieces, "no single .safetensors file for unet"),
        (_flux, "is a Flux model, which this program does not use"),
        (_web_page, "cannot be used: model.safetensors is not a safetensors file; it is a web page"),
    ],
)
def test_what_is_no_model_is_refused(hub: LocalHub, folder: Path, make: Callable[[LocalHub], None], says: str) -> None:
    make(hub)
    with pytest.raises(DownloadError, match=says):
        fetch(folder, read_source("a/b"))
    assert scan([folder]).models == scan().models


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"text": "no such name"}, "is no name of the catalogue"),
        ({"text": "../.."}, "is no name of the catalogue"),
        ({"text": "http://models.example/x.safetensors"}, "only https addresses"),
        ({"text": "https://[::1/x.safetensors"}, "is no address"),
        ({"text": HUB, "file": "x.ckpt"}, "is a pickle"),
    ],
)
def test_what_cannot_be_a_source_is_refused_at_once(words: dict[str, Any], says: str) -> None:
    with pytest.raises(DownloadError, match=says):
        read_source(**words)


def test_a_missing_revision_and_a_missing_file_are_told(hub: LocalHub, folder: Path) -> None:
    with pytest.raises(DownloadError, match="no revision 'v9'"):
        fetch(folder, read_source(HUB, revision="v9"))
    with pytest.raises(DownloadError, match="has no file 'x.safetensors'; its .safetensors files: none"):
        fetch(folder, read_source(HUB, file="x.safetensors"))


def test_files_of_other_kinds_go_where_they_are_looked_for(hub: LocalHub, folder: Path) -> None:
    offer = next(offer for offer in catalogue() if offer.kind == "network")
    hub.repositories[offer.hub] = {str(offer.file): NETWORK}
    place = fetch(folder, read_source(offer.title))
    assert place == folder / "lora" / f"{offer.name}.safetensors"
    assert provenance_of(place) == Provenance(f"{offer.hub}/{offer.file}", COMMIT, offer.licence)


def test_a_file_of_that_name_from_elsewhere_is_not_touched(hub: LocalHub, folder: Path) -> None:
    hub.repositories["a/b"] = {"one.safetensors": NETWORK}
    (folder / "lora").mkdir(parents=True)
    (folder / "lora" / "one.safetensors").write_bytes(b"mine")
    with pytest.raises(DownloadError, match="is there already, and is not from 'a/b'"):
        fetch(folder, read_source("a/b"))
    assert (folder / "lora" / "one.safetensors").read_bytes() == b"mine"


def test_a_file_by_its_address_with_a_token_that_is_not_shown(hub: LocalHub, folder: Path) -> None:
    hub.files["/secret/style one.safetensors"] = NETWORK
    address = f"{hub.url}/secret/style%20one.safetensors"
    with pytest.raises(DownloadError, match=r"needs a login \(401\).*\?token="):
        fetch(folder, read_source(address))
    download = Download(folder, read_source(f"{address}?token={TOKEN}"))
    place = download.run(threading.Event())
    assert place == folder / "lora" / "style_one.safetensors"
    assert place.read_bytes() == NETWORK
    assert TOKEN not in download.source.label and TOKEN not in (provenance_of(place) or Provenance("")).source
    assert "Authorization" not in str(hub.asked)


def test_an_address_that_is_not_allowed_is_not_asked_and_one_that_is_is_asked_as_checked(
    hub: LocalHub, folder: Path
) -> None:
    hub.files["/style.safetensors"] = NETWORK
    source = read_source(f"{hub.url}/style.safetensors".replace("127.0.0.1", "localhost"))
    with pytest.raises(DownloadError, match="leads to localhost, which is not on the public internet"):
        Download(folder, source, is_public).run(threading.Event())
    for host in ("10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(DownloadError, match="not on the public internet"):
            Download(folder, read_source(f"https://{host}/x.safetensors"), is_public).run(threading.Event())
    assert hub.asked == []
    allowed = lambda address: address in ("127.0.0.1", "::1")  # noqa: E731
    pinned = Route("x", {}, allowed=allowed).request(httpx.URL(f"{hub.url}/style.safetensors"), {})
    assert pinned["url"].host == "127.0.0.1" and pinned["headers"]["Host"] == httpx.URL(hub.url).netloc.decode()
    source = read_source(f"{hub.url}/style.safetensors")
    assert Download(folder, source, allowed).run(threading.Event()).read_bytes() == NETWORK


def test_a_token_of_the_hub_goes_to_no_other_host(hub: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    fetch(folder, read_source(HUB))
    assert {authorization for _, _, authorization in hub.asked} == {f"Bearer {TOKEN}"}


def test_what_does_not_fit_on_the_disk_is_refused_before_it_comes(
    hub: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(folder.parent)
    monkeypatch.setattr(module, "_SPARE_BYTES", usage.free)
    with pytest.raises(DownloadError, match="GB free where .* GB are needed; make room"):
        fetch(folder, read_source(HUB))
    assert hub.asked == []


def test_a_hub_that_is_not_there_says_what_to_do(hub: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="the hub at http://127.0.0.1:9 cannot be reached.*HF_ENDPOINT"):
        fetch(folder, read_source(HUB))


def test_two_processes_do_not_fetch_the_same(hub: LocalHub, folder: Path) -> None:
    hub.bytes_per_second = 40e6
    first, stop = Download(folder, read_source(HUB)), threading.Event()
    running = threading.Thread(target=lambda: pytest.raises(Stopped, first.run, stop))
    running.start()
    while first.progress().received == 0:
        time.sleep(0.005)
    with pytest.raises(DownloadError, match="by another process already"):
        fetch(folder, read_source(HUB))
    stop.set()
    running.join()


PROGRAM = """
import sys, threading
from pathlib import Path
from pentimento.models.downloads import Download, read_source
Download(Path(sys.argv[1]), read_source(sys.argv[2])).run(threading.Event())
"""


def test_a_process_that_is_killed_loses_nothing(hub: LocalHub, folder: Path) -> None:
    name, data = large_part(hub)
    hub.bytes_per_second = 20e6
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    download = Download(folder, read_source(HUB))
    file = download.work / "parts" / name
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), HUB], env=environment) as process:
        while not file.exists() or file.stat().st_size < len(data) // 3:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
    kept = file.stat().st_size
    assert not (folder / HUB).exists() and kept < len(data)
    hub.bytes_per_second = None
    hub.asked.clear()
    place = Download.of(folder, read_source(HUB)).run(threading.Event())
    assert hashlib.sha256((place / name).read_bytes()).digest() == hashlib.sha256(data).digest()
    assert f"bytes={kept}-" in {asked for _, asked, _ in hub.asked}


def test_a_model_is_fetched_where_it_is_named_and_that_is_allowed(hub: LocalHub, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=f"pentimento models download {HUB}"):
        scan().find(HUB)
    found = scan().find(HUB, allow_download=True)
    assert found.path == tmp_path / "data" / "models" / HUB and found.name == HUB


def test_what_another_process_fetches_is_not_removed_under_it(hub: LocalHub, folder: Path) -> None:
    hub.bytes_per_second = 40e6
    first, stop = Download(folder, read_source(HUB)), threading.Event()
    running = threading.Thread(target=lambda: pytest.raises(Stopped, first.run, stop))
    running.start()
    while first.progress().received == 0:
        time.sleep(0.005)
    Download(folder, read_source(HUB)).discard()
    assert any((first.work / "parts").rglob("*"))
    stop.set()
    running.join()
    Download(folder, read_source(HUB)).discard()
    assert not first.work.exists()
