"""Kill a pretraining again and again, and see what is lost.

python benchmarks/kills.py [--kills 20] [--clusters 4]

Each time the job's process gets SIGKILL at a random moment and is started again. In the end the run
must be bit-equal to one that nothing happened to.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from medssl.jobs import PretrainRequest, create_job, run_job
from medssl.nets import Architecture
from medssl.phantom import write_cohort
from medssl.prepare import PrepareSettings
from medssl.pretrain import PretrainSettings, make_settings, trainer
from medssl.runs import RunFolder, read_events, read_status
from medssl.runs.state import LAUNCH_SECONDS

CHECKPOINT_SECONDS = 0.3


def tiny_settings(steps: int, clusters: int | None) -> PretrainSettings:
    """Return the dense recipe with a net that takes milliseconds a step."""
    recipe = make_settings(clusters=clusters).resolve()
    net = Architecture.plain(
        ndim=2, widths=(4, 8), out_stride=2, embedding_channels=8, clusters=clusters or 0
    )
    changes = {"architecture": net, "prepare": PrepareSettings(longest_side=32), "batch": 4}
    custom = recipe.model_copy(update=changes)
    return PretrainSettings(custom=custom, steps=steps, device="cpu", compile="off")


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the job in a process of its own that saves often."""
    command = [sys.executable, __file__, "--child", str(folder)]
    return subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})


def running(run: RunFolder) -> list[int]:
    """Return the step at which each process so far began to learn."""
    return [e["step"] for e in read_events(run.path) if e.get("state") == "running"]


def saved_step(run: RunFolder) -> int:
    """Step of the last checkpoint; it is read whole, so that damage shows."""
    path = run.last / "state.safetensors"
    if not path.is_file():
        return 0
    load_file(path)
    with safe_open(path, framework="pt") as file:
        return int(json.loads(file.metadata()["record"])["step"])


def kill_once(run: RunFolder, chance: random.Random) -> str:
    """Start the job, kill it at a random moment, and check what it leaves.

    One time in four that is while it starts, else while it learns.
    """
    before, attempts = saved_step(run), len(running(run))
    process = start(run.path)
    learns = chance.random() < 0.75
    while learns and len(running(run)) == attempts and process.poll() is None:
        time.sleep(0.01)
    seconds = chance.uniform(0.0, 3.0)
    time.sleep(seconds)
    if process.poll() is not None:
        raise SystemExit(f"the job ended by itself: {read_status(run.path)}")
    process.kill()
    process.wait()
    status = read_status(run.path, now=time.time() + LAUNCH_SECONDS)
    assert status.state == "lost", status
    run.read_job()
    begun = running(run)
    after = saved_step(run)
    assert after >= before, "a checkpoint went back"
    assert not begun or begun[-1] <= after
    told = max([e["step"] for e in read_events(run.path) if e["kind"] == "metric"], default=0)
    doing = "learning" if learns else "starting"
    return f"killed {seconds:.1f} s into {doing}: told step {told}, saved step {after}"


def main() -> None:
    """Kill, resume, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--clusters", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    trainer.CHECKPOINT_SECONDS = CHECKPOINT_SECONDS
    if options.child:
        run_job(options.child)
        return
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"MEDSSL_RUNS": f"{place}/runs", "MEDSSL_CACHE": f"{place}/cache"}
        films = write_cohort(Path(place) / "films", 6, size=64).images
        settings = tiny_settings(options.steps, options.clusters)
        request = PretrainRequest(images=(str(films),), settings=settings, threads=1)
        killed, whole = RunFolder(create_job(request)), RunFolder(create_job(request))
        for number in range(1, options.kills + 1):
            print(f"{number:3d}  {kill_once(killed, chance)}", flush=True)
        resumed = saved_step(killed)
        for run in (killed, whole):
            run_job(run.path)
        begun = running(killed)
        assert begun[-1] == resumed
        assert begun == sorted(begun)
        for part in ("model/model.safetensors", "checkpoints/last/state.safetensors"):
            one, other = load_file(killed.path / part), load_file(whole.path / part)
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one), part
    print(f"{options.kills} kills: no folder damaged, each resume from the last checkpoint")
    print(f"(resumed at steps {begun}), bit-equal to the run without a kill")


if __name__ == "__main__":
    main()
