"""A job in a process of its own, for `test_killed`: ``killed_job.py FOLDER [STEP]``.

It saves after each step. At STEP it kills itself as a power cut would.
"""

from __future__ import annotations

import os
import signal
import sys

from medssl.jobs import run_job
from medssl.pretrain import trainer


def main() -> None:
    stop = int(sys.argv[2])
    trainer.CHECKPOINT_SECONDS = 0.0

    def watch(done: int, _total: int, message: str) -> None:
        if done == stop and message.startswith("loss"):
            os.kill(os.getpid(), signal.SIGKILL)

    run_job(sys.argv[1], watch)


if __name__ == "__main__":
    main()
