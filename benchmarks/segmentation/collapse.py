"""Whether a model's own clusters have collapsed: how many are used, and how sure cells are."""

from __future__ import annotations

import argparse

import numpy as np

from medssl.embed import embed_cohort, open_embedder
from medssl.prepare import ArrayCache, prepare_cohort
from medssl.segment.clusters import model_clusters
from segmentation.sets import SETS, find_data, list_set


def collapse(given: argparse.Namespace) -> None:
    """Print a row a model of `--pretrained`: asked are K/2 in effect, and half of log K."""
    data = find_data()
    print("| set | K | effective clusters (argmax) | mean entropy of a cell / log K |")
    print("|---|---|---|---|")
    for name, model in (one.split("=", 1) for one in given.pretrained):
        cache = ArrayCache(given.work / "cache")
        embedder = open_embedder(model, 3 if name == "hippocampus" else 2, given.device)
        prepared = prepare_cohort(list_set(data, SETS[name]), embedder.settings, cache)
        clusters = model_clusters(embed_cohort(prepared, embedder, cache), "assignment")
        count = clusters.tree.count
        used, entropy = np.zeros(count), []
        for case in embed_cohort(prepared, embedder, cache).cases:
            shares = clusters.shares(case).reshape(count, -1)
            used += np.bincount(shares.argmax(0), minlength=count)
            entropy.append(-(shares * np.log(np.maximum(shares, 1e-12))).sum(0).mean())
        part = used[used > 0] / used.sum()
        effective = np.exp(-(part * np.log(part)).sum())
        print(
            f"| {name} | {count} | {effective:.1f} | {np.mean(entropy) / np.log(count):.3f} |",
            flush=True,
        )
