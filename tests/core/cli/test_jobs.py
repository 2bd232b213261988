"""Verbs about runs: run, runs, stop, pause, resume, logs, and pretraining in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from medssl.cli.run import lower_priority
from medssl.cohort import Cohort
from medssl.errors import Cancelled
from medssl.jobs import PretrainRequest, create_job, read_request, run_job
from medssl.jobs.requests import write_request
from medssl.landmarks.refine import RefineSettings
from medssl.phantom import write_cohort
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.preview import PreviewSettings
from medssl.runs import RunFolder, kill_job, read_status
from tests.core.pretrain.cohorts import tiny_settings


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDSSL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("films"), 4, size=64).images


@pytest.fixture
def job(films: Path) -> Path:
    settings = tiny_settings(steps=3)
    assert settings.custom is not None
    recipe = settings.custom.model_copy(update={"prepare": PrepareSettings(longest_side=32)})
    settings = settings.model_copy(update={"custom": recipe})
    return create_job(PretrainRequest(name="thorax", images=(str(films),), settings=settings))


def test_a_run_is_begun_shown_and_read(medssl: Callable, job: Path, runs: Path) -> None:
    assert medssl("run", job.name).code == 0
    listed = medssl("runs", "--json").json
    assert [run["id"] for run in listed] == [job.name]
    assert listed[0]["status"]["state"] == "done"
    assert listed[0]["path"] == str(job)
    table = medssl("runs", runs).stdout
    assert job.name in table
    assert "done" in table
    log = medssl("logs", job.name, "--lines", "3").stdout.splitlines()
    assert len(log) == 3
    assert "state done" in log[-1]
    assert '"kind": "state"' in medssl("logs", job, "--json").stdout
    assert medssl("logs", "--follow", job).code == 0


def test_a_cohort_is_refined_from_the_command_line(
    medssl: Callable, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = RefineSettings(steps=2, heads=1, width=8, features=8, cells=64)
    monkeypatch.setattr(
        "medssl.landmarks.refine.settings.RefineSettings",
        lambda seed: quick.model_copy(update={"seed": seed}),
    )
    assert medssl("cohort", "create", tmp_path / "chest", films).code == 0
    refused = medssl("refine", tmp_path / "chest")
    assert refused.code == 2
    assert "nobody has set a point" in refused.stderr.replace("\n", " ")
    with Cohort.open(tmp_path / "chest.medssl") as cohort:
        cohort.add_landmark("carina")
        cohort.set_point(cohort.cases()[0].key, "carina", (30, 32), None, "manual")
    done = medssl("refine", tmp_path / "chest", "--seed", "3", "--json").json
    assert (done["model"], done["points"]) == ("instant refined", 3)
    assert read_request(done["run"]).settings.seed == 3
    with Cohort.open(tmp_path / "chest.medssl") as cohort:
        assert [p.source for p in cohort.points()] == ["manual", *["predicted"] * 3]


def test_no_runs_yet(medssl: Callable, runs: Path) -> None:
    outcome = medssl("runs")
    assert outcome.code == 0
    assert str(runs) in outcome.stdout.replace("\n", "")
    assert medssl("runs", "--json").json == []


@pytest.mark.parametrize("verb", ["run", "stop", "pause", "resume", "logs"])
def test_an_unknown_run_is_refused_in_one_line(medssl: Callable, verb: str) -> None:
    outcome = medssl(verb, "nonsense")
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert "nonsense" in outcome.lines[0]
    assert "medssl runs" in outcome.lines[0]


def test_a_damaged_request_is_refused_in_one_line(medssl: Callable, job: Path) -> None:
    (job / "job.json").write_text("{")
    outcome = medssl("run", job)
    assert outcome.code == 2
    assert "Put job.json back" in outcome.lines[0]
    assert "failed" in medssl("runs").stdout


def test_stop_and_pause_of_what_does_not_run(medssl: Callable, job: Path) -> None:
    def stop(done: int, _total: int, message: str) -> None:
        if done == 1 and message.startswith("loss"):
            raise Cancelled

    with pytest.raises(Cancelled):
        run_job(job, stop)
    assert "stopped, step 1 of 3" in medssl("stop", "--wait", job).stderr
    assert "stopped" in medssl("pause", job).stderr
    assert "nothing works on this run" in medssl("stop", "--kill", job).stderr
    assert not RunFolder(job).asked("stop")


def test_what_is_done_is_not_resumed(medssl: Callable, job: Path) -> None:
    run_job(job)
    outcome = medssl("resume", job)
    assert outcome.code == 2
    assert "is done" in outcome.lines[0]


def test_a_running_run_is_asked_by_its_files(medssl: Callable, job: Path) -> None:
    with RunFolder(job) as run:
        run.state("running", step=1, steps=3)
        assert "running, step 1 of 3" in medssl("pause", job).stderr
        assert run.asked("pause")
        medssl("resume", job)
        assert not run.asked("pause")
        medssl("stop", job)
        assert run.asked("stop")


@pytest.mark.parametrize(("before", "after"), [(0, 10), (15, None)])
def test_the_background_never_raises_the_priority(
    monkeypatch: pytest.MonkeyPatch, before: int, after: int | None
) -> None:
    """A user may not, and the job would end before it began."""
    given: list[int] = []

    def nice(_process: psutil.Process, value: int | None = None) -> int:
        if value is not None:
            given.append(value)
        return before

    monkeypatch.setattr(psutil.Process, "nice", nice)
    lower_priority()
    assert given == ([] if after is None else [after])


def test_a_run_that_goes_on_keeps_its_name_and_its_preview(films: Path, job: Path) -> None:
    stored = read_request(job)
    assert stored.preview == PreviewSettings()
    named = stored.model_copy(update={"preview": PreviewSettings(every_seconds=5)})
    write_request(RunFolder(job), named)
    create_job(stored.model_copy(update={"name": "", "threads": 1}), folder=job)
    assert read_request(job) == named.model_copy(update={"threads": 1})


def test_pretraining_starts_in_the_background(
    medssl: Callable, films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my run"
    outcome = medssl(
        "pretrain", films, "--steps", "5000", "--device", "cpu", "--out", out, "--background",
        "--json",
    )  # fmt: skip
    try:
        assert outcome.code == 0, outcome.stderr
        assert outcome.json["run"] == str(out)
        deadline = time.monotonic() + 60
        while read_status(out).state == "queued" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert read_status(out).pid == outcome.json["pid"]
        assert medssl("stop", "--wait", out).code == 0
        assert read_status(out).state == "stopped"
    finally:
        kill_job(out)


def test_a_run_folder_with_other_settings_is_refused(
    medssl: Callable, films: Path, tmp_path: Path
) -> None:
    command = ("pretrain", films, "--device", "cpu", "--out", tmp_path / "run", "--steps")
    assert medssl(*command, "1").code == 0
    again = medssl(*command, "1", "--json")
    assert again.json["steps"] == 1
    outcome = medssl(*command, "2")
    assert outcome.code == 2
    assert "other settings" in outcome.lines[0]
