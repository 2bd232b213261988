"""A training in a process of its own, for `test_resume`: ``killed_run.py FOLDER STEPS [STOP]``.

It matches across images in two stages of equal length. At step STOP, saved just before, it kills
itself as a power cut would; between two stages that is while the images are linked anew.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch

from medssl.pretrain import pretrain, trainer

sys.path.insert(0, str(Path(__file__).parent))
from cohorts import linked_settings, make_cohort


def main() -> None:
    torch.set_num_threads(1)
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    stop = int(sys.argv[3]) if len(sys.argv) > 3 else None
    if stop is not None:
        trainer.CHECKPOINT_SECONDS = 0.0

    def watch(done: int, _total: int, _message: str) -> None:
        if done == stop:
            os.kill(os.getpid(), signal.SIGKILL)

    pretrain(make_cohort(), linked_settings(steps=steps, seed=7), folder, watch)


if __name__ == "__main__":
    main()
