"""The store: what was added is found, what was interrupted is ended, what was lost is made again."""

import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento import metadata
from pentimento.errors import RequestError
from pentimento.profiles import PENTIMENTO
from pentimento.recipe import ModelRecord, make_recipe
from pentimento.request import Request
from pentimento.store import FolderInUse, Picture, PictureNotFound, Store
from pentimento.store.names import READERS, NameFacts, Pattern, safe_name
from pentimento.store.picture import Facts


def picture_file(
    prompt: str = "a red fox", seed: int = 5, size: tuple[int, int] = (64, 48), format: str = "png"
) -> bytes:
    image = Image.effect_noise(size, 50).convert("RGB")
    request = Request(prompt=prompt, negative_prompt="ugly", seed=seed)
    recipe = make_recipe(
        request,
        image,
        program="Pentimento 0.1.0",
        seed=seed,
        variation_seed=0,
        profile=PENTIMENTO,
        model=ModelRecord(name="tiny-model", sha256="ab" * 32),
        device="cpu",
        dtype="float32",
    )
    text = f"{prompt}\nNegative prompt: ugly\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: {seed}"
    return metadata.encode(image, format, infotext=text, recipe=recipe.to_json())


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "data")
    yield store
    store.close()


def everything(store: Store) -> list[Picture]:
    return [picture for trash in (False, True) for picture in store.search(trash=trash, limit=999).pictures]


def test_what_a_file_says_is_found(store: Store) -> None:
    data = picture_file("a red fox at dawn", seed=2**63 + 7)
    picture = store.add(data, job="job", index=1, owner="ann", footprint={"reach_px": 3})
    assert store.get(picture.id) == store.get(picture.id, "ann") == picture
    assert store.path(picture.id).read_bytes() == data
    assert (picture.width, picture.height, picture.format, picture.bytes) == (64, 48, "png", len(data))
    assert (picture.seed, picture.mode, picture.model) == (2**63 + 7, "txt2img", "tiny-model")
    assert (picture.prompt, picture.negative_prompt) == ("a red fox at dawn", "ugly")
    assert picture.footprint == {"reach_px": 3}
    with pytest.raises(PictureNotFound):
        store.get(picture.id, "bob")


def test_the_same_picture_of_a_job_is_kept_once(store: Store) -> None:
    first = store.add(picture_file(), job="job", index=0)
    assert store.add(picture_file("another"), job="job", index=0) == first
    assert len(everything(store)) == 1


def test_search_finds_words_by_their_beginning_in_every_text(store: Store) -> None:
    fox = store.add(picture_file("a red fox, (masterpiece:1.2)"), job="a", index=0)
    cat = store.add(picture_file("Кошка и Ünïcode"), job="b", index=0)
    store.mark(cat.id, tags=["best of", " best of ", ""])
    for text, found in (
        ("fox", [fox]),
        ("FO", [fox]),
        ("red master", [fox]),
        ("кош", [cat]),
        ("unicode", [cat]),
        ("best", [cat]),
        ("tiny-model", [cat, fox]),
        ("ugly", [cat, fox]),
        ("dog", []),
        ('" OR 1=1 --', []),
        ("!?", []),
        ("fox NOT red", []),
    ):
        assert [picture.id for picture in store.search(text).pictures] == [picture.id for picture in found], text
    assert store.get(cat.id).tags == ("best of",)
    assert store.search(tag="best of").pictures == (store.get(cat.id),)
    assert store.search(tag="best").pictures == ()
    store.mark(fox.id, favourite=True)
    assert [one.id for one in store.search(favourite=True).pictures] == [fox.id]
    assert [one.id for one in store.search(favourite=False).pictures] == [cat.id]


def test_pages_follow_each_other_without_gap_or_overlap(store: Store) -> None:
    ids = [store.add(picture_file(), job=f"job{index}", index=0).id for index in range(7)][::-1]
    seen: list[str] = []
    page = store.search(limit=3)
    seen += [picture.id for picture in page.pictures]
    store.add(picture_file(), job="new", index=0)
    while page.next:
        page = store.search(limit=3, before=page.next)
        seen += [picture.id for picture in page.pictures]
    assert seen == ids
    with pytest.raises(RequestError, match="before"):
        store.search(before="nonsense")


def test_thumbnails_are_small_and_kept(store: Store) -> None:
    picture = store.add(picture_file(size=(600, 300)), job="job", index=0)
    with Image.open(io.BytesIO(store.thumbnail(picture.id, 200))) as small:
        assert (small.format, small.size) == ("WEBP", (256, 128))
    assert store.thumbnail(picture.id, 200) == store.thumbnail(picture.id, 256)
    with Image.open(io.BytesIO(store.thumbnail(picture.id, 99999))) as large:
        assert large.size == (600, 300)
    names = {path.name for path in (store.folder / "thumbnails").iterdir()}
    assert names == {f"{picture.id}-256.webp", f"{picture.id}-1024.webp"}
    store.remove([picture.id])
    assert not list((store.folder / "thumbnails").iterdir())


def test_trash_and_back(store: Store) -> None:
    ids = [store.add(picture_file(), job=f"job{index}", index=0, owner="ann").id for index in range(3)]
    before = store.path(ids[0])
    assert store.trash(ids[0]).trashed and not before.exists()
    assert store.path(ids[0]).is_relative_to(store.folder / "trash")
    before.write_bytes(b"somebody put something else here")
    assert not store.restore(ids[0]).trashed
    assert store.path(ids[0]) == before.with_stem(before.stem + "-2")
    assert before.read_bytes() == b"somebody put something else here"
    for id in ids[:2]:
        store.trash(id)
    assert store.empty_trash("bob") == 0
    assert store.empty_trash("ann") == 2
    assert [picture.id for picture in everything(store)] == [ids[2]]
    assert not [path for path in (store.folder / "trash").rglob("*") if path.is_file()]


def a_used_store(folder: Path) -> Store:
    store = Store(folder)
    for index, format in enumerate(("png", "jpeg", "webp", "avif")):
        store.add(picture_file(f"number {index}", index, format=format), job="job", index=index, owner="ann")
    store.add(picture_file("temporary"), job="job", index=9, keep=False)
    store.mark("job-1", favourite=True, tags=["x", "y"])
    store.trash("job-2")
    store.trash("job-3")
    store.restore("job-3")
    return store


@pytest.mark.parametrize("damage", ["gone", "garbage", "truncated"])
def test_a_lost_index_is_made_again_with_all_that_was_known(tmp_path: Path, damage: str) -> None:
    store = a_used_store(tmp_path)
    before, temporary = everything(store), store.get("job-9")
    store.close()
    index = tmp_path / "history.sqlite"
    for suffix in ("-wal", "-shm"):
        index.with_name(index.name + suffix).unlink(missing_ok=True)
    {
        "gone": index.unlink,
        "garbage": lambda: index.write_bytes(os.urandom(9000)),
        "truncated": lambda: index.write_bytes(index.read_bytes()[:5000]),
    }[damage]()
    store = Store(tmp_path)
    assert everything(store) == before and store.get("job-9") == temporary
    assert [picture.id for picture in store.search("number 1").pictures] == ["job-1"]
    store.close()


OPERATIONS: dict[str, Callable[[Store], object]] = {
    "add": lambda store: store.add(picture_file("new"), job="new", index=0, owner="bob"),
    "mark": lambda store: store.mark("job-0", favourite=True, tags=["late"]),
    "trash": lambda store: store.trash("job-0"),
    "restore": lambda store: store.restore("job-2"),
    "empty_trash": lambda store: store.empty_trash(),
    "remove": lambda store: store.remove(["job-9", "job-1"]),
}


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_an_operation_that_was_cut_off_is_ended_when_the_store_is_opened(tmp_path: Path, name: str) -> None:
    """The line in the journal is there; of files and index, nothing is done yet."""
    before, after = tmp_path / "before", tmp_path / "after"
    a_used_store(before).close()
    shutil.copytree(before, after)
    store = Store(after)
    OPERATIONS[name](store)
    expected = [(picture, store.path(picture.id).read_bytes()) for picture in everything(store)]
    store.close()
    shutil.copy(after / "pictures.jsonl", before / "pictures.jsonl")
    store = Store(before)
    if name == "add":  # its file was never written, so it is not there, and can be added
        assert "new-0" not in [picture.id for picture in everything(store)]
        store.add(expected[0][1], job="new", index=0, owner="bob")
        assert [picture.id for picture in everything(store)] == [picture.id for picture, _ in expected]
    else:
        assert [(picture, store.path(picture.id).read_bytes()) for picture in everything(store)] == expected
    files = [path for top in ("pictures", "trash") for path in (before / top).rglob("*") if path.is_file()]
    assert len(files) == len(everything(store))
    store.close()


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_what_the_index_did_not_learn_of_any_more_it_learns_when_the_store_is_opened(tmp_path: Path, name: str) -> None:
    a_used_store(tmp_path).close()
    index = (tmp_path / "history.sqlite").read_bytes()
    store = Store(tmp_path)
    OPERATIONS[name](store)
    expected = [(picture, store.path(picture.id).read_bytes()) for picture in everything(store)]
    store.close()
    (tmp_path / "history.sqlite").write_bytes(index)
    store = Store(tmp_path)
    assert [(picture, store.path(picture.id).read_bytes()) for picture in everything(store)] == expected
    if name == "add":
        assert store.add(picture_file("new"), job="new", index=0) == expected[0][0]
    store.close()


def test_a_line_that_was_cut_short_is_dropped(tmp_path: Path) -> None:
    store = a_used_store(tmp_path)
    before = everything(store)
    store.close()
    journal = tmp_path / "pictures.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"id": "job-0", "favou')
    store = Store(tmp_path)
    assert everything(store) == before and journal.read_bytes() == whole
    store.mark("job-0", favourite=True)
    store.rebuild()
    assert store.get("job-0").favourite
    store.close()


def test_torn_and_foreign_files_are_not_listed_and_good_ones_are_taken_in(tmp_path: Path) -> None:
    store = a_used_store(tmp_path)
    day = store.path("job-0").parent
    torn = store.path("job-1")
    torn.write_bytes(torn.read_bytes()[:-200])
    (day / "00090-1.png").write_bytes(picture_file()[:-300])
    (day / "00091-1.png").write_bytes(b"no picture")
    (day / "notes.txt").write_text("no picture either")
    (day / "by hand.png").write_bytes(picture_file("by hand"))
    store.rebuild()
    assert "job-1" not in [picture.id for picture in everything(store)]
    (found,) = store.search("by hand").pictures
    assert store.path(found.id).name == "by hand.png" and found.job == ""
    store.mark(found.id, favourite=True)
    store.trash(found.id)
    before = everything(store)
    store.rebuild()
    assert everything(store) == before
    assert next(one for one in before if one.id == found.id).favourite
    store.close()


def test_no_picture_takes_the_file_of_another(tmp_path: Path) -> None:
    """One was trashed and its file deleted by hand; its old place is another picture's by now."""
    store = a_used_store(tmp_path)
    old = store.path("job-0")
    store.trash("job-0")
    store.path("job-0").unlink()
    old.write_bytes(picture_file("came later", size=(80, 48)))
    store.rebuild()
    assert "job-0" not in [picture.id for picture in everything(store)]
    (later,) = store.search("came later").pictures
    assert store.path(later.id) == old
    store.rebuild()
    assert store.search("came later").pictures == (later,) and old.is_file()
    store.close()


def test_what_was_deleted_takes_no_later_picture_of_its_name_with_it(tmp_path: Path) -> None:
    places: set[Path] = set()
    for turn in range(3):
        store = Store(tmp_path)
        assert store.rebuild() == 0
        picture = store.add(picture_file(seed=7), job=f"job{turn}", index=0)
        places.add(store.path(picture.id))
        store.rebuild()
        assert [one.id for one in everything(store)] == [picture.id] and store.path(picture.id).is_file()
        if turn == 0:
            store.remove([picture.id])
        else:
            store.trash(picture.id)
            store.empty_trash()
        store.close()
    assert len(places) == 1


def test_what_a_full_disk_cuts_off_is_taken_back(tmp_path: Path) -> None:
    store = a_used_store(tmp_path)
    before, size = everything(store), (tmp_path / "pictures.jsonl").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        with pytest.raises(OSError):
            store.mark("job-0", tags=["too much"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "pictures.jsonl").stat().st_size == size and everything(store) == before
    store.mark("job-0", tags=["fits"])
    store.rebuild()
    assert store.get("job-0").tags == ("fits",)
    store.close()


def test_the_journal_is_written_anew_when_most_of_it_is_past(tmp_path: Path) -> None:
    store = a_used_store(tmp_path)
    store.mark("job-0", favourite=True)
    before = everything(store)
    store.close()
    with (tmp_path / "pictures.jsonl").open("a") as journal:
        for index in range(1100):
            journal.write(json.dumps({"id": "job-0", "favourite": bool(index % 2)}) + "\n")
    store = Store(tmp_path)
    assert everything(store) == before
    assert (tmp_path / "pictures.jsonl").read_bytes().count(b"\n") == 5
    store.close()


HOLD = """
import sys
from pentimento.store import Store
store = Store(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse, match=f"in use by the process with pid {holder.pid};"):
            Store(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    Store(tmp_path).close()


def test_names_of_files(tmp_path: Path) -> None:
    store = Store(tmp_path, names="[date]/[prompt_words]/[model_name] [width]x[height] [sampler] [batch_number]")
    picture = store.add(picture_file("a/../../red fox: at <dawn>"), job="job", index=1)
    assert store.path(picture.id).relative_to(store.folder).as_posix() == (
        f"pictures/{store.path(picture.id).parts[-3]}/a red fox at dawn/tiny-model 64x48 Euler a 2.png"
    )
    again = store.add(picture_file("a/../../red fox: at <dawn>"), job="other", index=1)
    assert store.path(again.id).stem == store.path(picture.id).stem + "-2"
    store.close()


@pytest.mark.parametrize(
    "pattern", ["[nothing]", "", "/[seed]", "../[seed]", "a/../[seed]", "C:/[seed]", "a\\b", "a//b"]
)
def test_patterns_that_are_not_known_or_leave_the_folder_are_refused(pattern: str) -> None:
    with pytest.raises(RequestError, match="name_pattern"):
        Pattern(pattern)


@settings(max_examples=int(os.environ.get("PENTIMENTO_EXAMPLES", "300")), deadline=None)
@given(
    text=st.text(max_size=200),
    words=st.lists(st.sampled_from(sorted(READERS)), min_size=1, max_size=4),
    parameters=st.dictionaries(st.sampled_from(["Sampler", "Steps", "Model hash"]), st.text(max_size=40)),
)
def test_no_prompt_and_no_model_name_leads_out_of_the_folder(text: str, words: list[str], parameters: dict) -> None:
    facts = Facts(64, 64, "png", 1, 5, text, text, text, text)
    path = Pattern("/".join(f"[{word}]" for word in words)).path(NameFacts(facts, 0.0, 1, 0, text, parameters))
    parts = path.split("/")
    assert len(parts) == len(words)
    for part in parts:
        assert part not in ("", ".", "..") and len(part.encode()) <= 121
        assert not set(part) & set('<>:"/\\|?*\0\n') and part == safe_name(part)
        assert not part.startswith((".", " ")) and not part.endswith((".", " "))
