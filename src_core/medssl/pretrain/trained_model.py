"""The model folder of a training."""

from __future__ import annotations

from pathlib import Path

from medssl.models import DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import DenseNet
from medssl.pretrain.plan import Plan


def save_trained_model(folder: Path, net: DenseNet, plan: Plan, steps: int) -> None:
    """Write the net as it is after `steps`, with a card that tells where it comes from."""
    architecture = plan.recipe.architecture
    card = ModelCard(
        architecture=architecture,
        input=plan.prepare,
        embedding=EmbeddingInfo(
            channels=architecture.embedding_channels, stride=architecture.out_stride
        ),
        recipe={
            "name": plan.recipe.name,
            "steps": steps,
            "settings": plan.settings.model_dump(mode="json"),
            "resolved": plan.recipe.model_dump(mode="json"),
        },
        data=DataInfo(n_images=plan.n_images, fingerprint=plan.fingerprint),
    )
    save_model(folder, net, card)
