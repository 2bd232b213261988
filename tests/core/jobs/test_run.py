"""A job from its request to its end, and what may come between."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from medssl.errors import Cancelled, FileRefusedError, SettingsError, StorageError
from medssl.jobs import EmbedRequest, create_job, read_request, run_job
from medssl.jobs.queue import turn
from medssl.pretrain import checkpoint, trainer
from medssl.pretrain.preview import PreviewSettings
from medssl.runs import RunFolder, list_runs, read_status, stop_job
from medssl.runs.process import ProcessRecord

MakeJob = Callable[..., Path]


def states(folder: Path) -> list[str]:
    return [event["state"] for event in RunFolder(folder).events() if event["kind"] == "state"]


def kinds(folder: Path) -> set[str]:
    return {event["kind"] for event in RunFolder(folder).events()}


def cancel_at(step: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, message: str) -> None:
        if done == step and message.startswith("loss"):
            raise Cancelled

    return progress


def test_a_job_goes_from_queued_to_done(make_job: MakeJob, runs: Path) -> None:
    folder = make_job()
    assert folder.parent == runs
    assert read_status(folder).state == "queued"
    run_job(folder)
    assert states(folder) == ["queued", "starting", "running", "done"]
    job = json.loads((folder / "job.json").read_text())
    assert (job["format"], job["verb"], len(job["inputs"])) == (1, "pretrain", 4)
    assert job["plan"]["steps"] == 4
    assert "torch" in job["versions"]
    (run,) = list_runs(runs)
    assert (run.method, run.images, run.status.step) == ("LD custom", 4, 4)
    assert not (folder / "pid").exists()
    assert not (folder / ".reserve").exists()


def test_a_job_that_is_done_is_left_as_it_is(make_job: MakeJob) -> None:
    folder = make_job(steps=1)
    run_job(folder)
    events = (folder / "events.jsonl").read_bytes()
    run_job(folder)
    assert (folder / "events.jsonl").read_bytes() == events


def test_a_stopped_job_goes_on(make_job: MakeJob) -> None:
    folder = make_job(steps=5)
    with pytest.raises(Cancelled):
        run_job(folder, cancel_at(2))
    assert states(folder)[-2:] == ["stopping", "stopped"]
    run_job(folder)
    steps = [e["step"] for e in RunFolder(folder).events() if e["kind"] == "metric"]
    assert steps == [1, 2, 3, 4, 5]


def test_a_stop_while_images_are_prepared(make_job: MakeJob) -> None:
    folder = make_job()

    def progress(_done: int, _total: int, message: str) -> None:
        if message.startswith("Preparing"):
            RunFolder(folder).ask("stop")

    with pytest.raises(Cancelled):
        run_job(folder, progress)
    assert states(folder) == ["queued", "starting", "stopped"]
    assert not RunFolder(folder).asked("stop")
    run_job(folder)
    assert states(folder)[-1] == "done"


def test_a_stop_interrupts_a_long_compilation(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_job(minutes=1.0)

    def compile_for_long(*_: object) -> None:
        RunFolder(folder).ask("stop")
        time.sleep(60)

    monkeypatch.setattr(trainer, "first_steps", compile_for_long)
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        run_job(folder)
    assert time.monotonic() - begun < 30
    assert states(folder)[-1] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_save_and_leave(make_job: MakeJob, number: int) -> None:
    folder = make_job(steps=50)

    def progress(done: int, _total: int, message: str) -> None:
        if done == 2 and message.startswith("loss"):
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(Cancelled):
        run_job(folder, progress)
    assert signal.getsignal(number) == before
    assert read_status(folder).state == "stopped"
    assert (folder / "checkpoints" / "last" / "state.safetensors").is_file()


def test_the_second_interrupt_leaves_at_once(make_job: MakeJob) -> None:
    folder = make_job()

    def progress(_done: int, _total: int, message: str) -> None:
        if message.startswith("Preparing"):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_job(folder, progress)
    assert states(folder)[-1] == "stopped"


def test_previews_change_no_weight(make_job: MakeJob, films: Path) -> None:
    plain, shown = make_job(steps=3), make_job(steps=3)
    request = read_request(shown).model_copy(
        update={"preview": PreviewSettings(every_seconds=0.001)}
    )
    shown = create_job(request, folder=films.parent / "shown")
    run_job(plain)
    run_job(shown)
    assert "preview" in kinds(shown)
    weights = [(folder / "model" / "model.safetensors").read_bytes() for folder in (plain, shown)]
    assert weights[0] == weights[1]


def test_embedding_is_a_job_too(films: Path, runs: Path) -> None:
    folder = create_job(EmbedRequest(images=(str(films),), device="cpu"))
    run_job(folder)
    assert states(folder) == ["queued", "starting", "running", "done"]
    (run,) = list_runs(runs)
    assert (run.verb, run.method, run.images) == ("embed", "instant", 4)


def test_an_image_that_is_broken_is_left_out_and_told(films: Path, make_job: MakeJob) -> None:
    folder = films.parent / "some broken"
    shutil.copytree(films, folder, dirs_exist_ok=True)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    job = make_job(images=folder, steps=1)
    told: list[dict[str, Any]] = []
    run_job(job, on_event=told.append)
    assert any(e.get("level") == "left out" and "broken.png" in e["message"] for e in told)
    assert told == RunFolder(job).events()[1:]


def test_images_that_are_gone_fail_with_a_remedy(films: Path, make_job: MakeJob) -> None:
    """Removed mid-run and found missing at the resume; put back the run goes on."""
    folder = films.parent / "moved"
    shutil.copytree(films, folder, dirs_exist_ok=True)
    job = make_job(images=folder, steps=4)

    def progress(done: int, total: int, message: str) -> None:
        if done == 1 and message.startswith("loss"):
            shutil.rmtree(folder)
        cancel_at(3)(done, total, message)

    with pytest.raises(Cancelled):
        run_job(job, progress)
    with pytest.raises(FileRefusedError, match="not there"):
        run_job(job)
    status = read_status(job)
    assert status.state == "failed"
    assert str(folder) in status.message
    assert "Put them back" in status.message
    shutil.copytree(films, folder)
    run_job(job)
    assert read_status(job).state == "done"


def test_a_cache_that_is_deleted_mid_run_fails_and_goes_on_later(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "cache"))
    job = make_job(steps=8)

    def progress(done: int, _total: int, message: str) -> None:
        if done == 2 and message.startswith("loss"):
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    with pytest.raises(StorageError):
        run_job(job, progress)
    assert read_status(job).state == "failed"
    run_job(job)
    assert read_status(job).state == "done"


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda job: "{nonsense", "damaged"),
        (lambda job: "[]", "no request"),
        (lambda job: json.dumps(job | {"request": 3}), "no request"),
        (lambda job: json.dumps(job | {"format": 99}), "format"),
        (lambda job: json.dumps(job | {"request": job["request"] | {"verb": "fly"}}), "verb"),
        (lambda job: json.dumps(job | {"request": job["request"] | {"images": []}}), "images"),
        (
            lambda job: json.dumps(
                job
                | {"request": job["request"] | {"settings": job["request"]["settings"] | {"x": 1}}}
            ),
            r"settings\.x",
        ),
        (lambda job: json.dumps(job | {"plan": {"steps": "many"}}), "plan"),
    ],
)
def test_a_job_edited_into_nonsense_fails_clearly(
    make_job: MakeJob, edit: Callable[[dict], str], named: str
) -> None:
    folder = make_job(steps=2)
    path = folder / "job.json"
    before = path.read_text()
    path.write_text(edit(json.loads(before)))
    with pytest.raises(Exception, match=named) as caught:
        run_job(folder)
    assert "job.json" in str(caught.value)
    status = read_status(folder)
    assert status.state == "failed"
    assert "Put job.json back" in status.message or "Update medssl" in status.message
    path.write_text(before)
    run_job(folder)
    assert read_status(folder).state == "done"


def test_a_request_changed_under_a_begun_run_is_refused(make_job: MakeJob) -> None:
    folder = make_job(steps=5)
    with pytest.raises(Cancelled):
        run_job(folder, cancel_at(2))
    job = json.loads((folder / "job.json").read_text())
    job["request"]["settings"]["seed"] = 7
    (folder / "job.json").write_text(json.dumps(job))
    with pytest.raises(SettingsError, match="other settings"):
        run_job(folder)
    assert read_status(folder).state == "failed"


def test_two_processes_on_one_folder(make_job: MakeJob) -> None:
    folder = make_job()
    with RunFolder(folder) as run:
        run.state("running")
        with pytest.raises(SettingsError, match="is working on this run"):
            run_job(folder)
        assert read_status(folder).state == "running"


def test_a_full_disk_fails_with_the_last_checkpoint_good(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_job(steps=6)
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0.0)
    save = checkpoint.save_file
    saved = 0

    def fill(tensors: Any, path: Path, metadata: Any) -> None:
        nonlocal saved
        saved += 1
        if saved == 3:
            path.write_bytes(b"half of it")
            raise OSError(28, "No space left on device")
        save(tensors, path, metadata=metadata)

    monkeypatch.setattr(checkpoint, "save_file", fill)
    with pytest.raises(StorageError, match="Free some space"):
        run_job(folder)
    assert read_status(folder).state == "failed"
    assert "No space left" in read_status(folder).message
    assert not list((folder / "checkpoints" / "last").glob(".*"))
    run_job(folder)
    running = [e["step"] for e in RunFolder(folder).events() if e.get("state") == "running"]
    assert running == [0, 2]
    assert read_status(folder).state == "done"


def test_a_truncated_checkpoint_gives_way_to_the_one_before(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, whole = make_job(steps=6), make_job(steps=6)
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0.0)
    with pytest.raises(Cancelled):
        run_job(folder, cancel_at(4))
    state = folder / "checkpoints" / "last" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-50])
    run_job(folder)
    running = [e["step"] for e in RunFolder(folder).events() if e.get("state") == "running"]
    assert running[0] == 0
    assert running[1] in (3, 4)
    assert any("is damaged" in e.get("message", "") for e in RunFolder(folder).events())
    run_job(whole)
    models = [(f / "model" / "model.safetensors").read_bytes() for f in (folder, whole)]
    assert models[0] == models[1]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ZeroDivisionError("by zero"), "stderr.log"),
        (RuntimeError("CUDA error: unspecified launch failure\nmore"), "no longer answers"),
        (torch.OutOfMemoryError("CUDA out of memory."), "Close other programs"),
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space"),
    ],
)
def test_what_torch_or_nobody_foresaw_is_told_with_a_remedy(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, error: Exception, remedy: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("medssl.jobs.run.do_request", broken)
    folder = make_job()
    with pytest.raises(type(error)):
        run_job(folder)
    status = read_status(folder)
    assert status.state == "failed"
    assert str(error).splitlines()[0].rstrip(".") in status.message
    assert remedy in status.message


def test_jobs_on_one_device_take_turns(make_job: MakeJob, runs: Path) -> None:
    folder = make_job(steps=1)
    ahead = threading.Event()
    waiting: list[str] = []

    def hold() -> None:
        with turn("cpu", runs / "the other", lambda _: None):
            ahead.set()
            released.wait(30)

    def progress(_done: int, _total: int, message: str) -> None:
        if message.startswith("waiting"):
            waiting.append(message)
            released.set()

    released = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    assert ahead.wait(10)
    run_job(folder, progress)
    other.join()
    assert "the other" in waiting[0]
    assert states(folder) == ["queued", "queued", "starting", "running", "done"]


def test_a_job_in_the_queue_can_be_stopped(make_job: MakeJob, runs: Path) -> None:
    folder = make_job()

    def progress(_done: int, _total: int, message: str) -> None:
        if message.startswith("waiting"):
            stop_job(folder)

    with turn("cpu", runs / "the other", lambda _: None), pytest.raises(Cancelled):
        run_job(folder, progress)
    assert states(folder)[-1] == "stopped"


def test_tickets_of_the_dead_are_passed_over(make_job: MakeJob, runs: Path) -> None:
    folder = make_job(steps=1)
    with turn("cpu", runs / "x", lambda _: None):
        (ticket,) = (runs / ".queue").rglob("*.ticket")
        record = ProcessRecord.of()
        ticket.write_text(
            json.dumps({"pid": record.pid, "started": 1.0, "host": record.host, "run": "x"})
        )
        ticket.with_name("00000000000000000001.ticket").write_text("half of a ti")
        run_job(folder)
    assert read_status(folder).state == "done"


def test_other_devices_do_not_wait(runs: Path) -> None:
    def waiting(other: str) -> None:
        raise AssertionError(other)

    with turn("cuda:0", runs / "a", waiting), turn("cuda:1", runs / "b", waiting):
        pass
