"""Embed a 256³ volume on its native grid, side by side with MONAI's sliding window.

Run ``python benchmarks/embed_volume.py``. Both take the same net (random weights, batch norms
that have seen data) and the same volume, in one process, with the same threads. MONAI runs twice:
with the net as it is, and with medssl's fast copy of it (folded batch norms, channels last,
bfloat16 where the processor has matrix units for it), which leaves only the difference between
overlapping windows and the level-wise run. Processor seconds are fairer than wall time on a machine
that does other work meanwhile. Peak memory is the process's own, medssl running first.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from medssl.devices import fast_dtype
from medssl.embed.levelwise import LevelwiseNet
from medssl.embed.net import memory_budget
from medssl.nets import Architecture, DenseNet, build_net, normalise_input


def trained_like(architecture: Architecture) -> DenseNet:
    """Build a net whose batch norms hold sensible statistics."""
    torch.manual_seed(0)
    net = build_net(architecture).train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(2, 1, 64, 64, 64))
    return net.eval()


def timed(work: Callable[[], Tensor]) -> tuple[Tensor, float, float]:
    """Return what `work` gives, the seconds it took, and the processor seconds of all threads."""
    start, start_cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start, time.process_time() - start_cpu


def peak_gb() -> float:
    """Peak memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--stride", type=int, default=4)
    parser.add_argument("--roi", type=int, default=96)
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    net = trained_like(Architecture.plain(3, out_stride=options.stride))
    volume = torch.rand(1, 1, *[options.size] * 3, dtype=torch.float16)
    cpu = torch.device("cpu")
    ours = LevelwiseNet(net, cpu, fast_dtype(cpu), memory_budget(cpu))
    ours(volume[..., :64, :64, :64])
    figures: dict[str, float] = {}
    embedding, figures["medssl_s"], figures["medssl_cpu_s"] = timed(lambda: ours(volume))
    figures["medssl_peak_gb"] = peak_gb()

    from monai.inferers import sliding_window_inference

    window = LevelwiseNet(net, cpu, fast_dtype(cpu), 1 << 60)

    def plain(block: Tensor) -> Tensor:
        embedded: Tensor = net(normalise_input(block.float()))
        return embedded

    def fast(block: Tensor) -> Tensor:
        return window(block)[None].float()

    def monai(predictor: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.inference_mode():
            result: Tensor = sliding_window_inference(
                volume.float(), options.roi, 1, predictor, overlap=options.overlap
            )
        return result[0]

    _, figures["monai_fast_net_s"], figures["monai_fast_net_cpu_s"] = timed(lambda: monai(fast))
    blended, figures["monai_s"], figures["monai_cpu_s"] = timed(lambda: monai(plain))
    for unit in ("s", "cpu_s"):
        for peer in ("monai", "monai_fast_net"):
            ratio = figures[f"{peer}_{unit}"] / figures[f"medssl_{unit}"]
            figures[f"times_faster_than_{peer}_{unit}"] = ratio
    blended = torch.nn.functional.normalize(blended, dim=0)
    figures["mean_cosine_with_monai"] = float((blended * embedding.float()).sum(0).mean())
    for name, value in figures.items():
        print(f"{name:40} {value:8.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
