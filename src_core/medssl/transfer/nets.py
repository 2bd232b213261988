"""Nets for classes and masks that begin with the weights of a pretrained model."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets import Architecture, DenseNet, Parts, build_net, normalise_input
from medssl.nets.blocks import convolution

_ENCODER = "encoder."
_DECODER = ("decoder.", "restorer.levels.", "restorer.finest.")
FIRST_LOGIT = -2.0
"""Where a segmenter begins: most voxels are background, which need not be learned first."""


class TransferNet(nn.Module):
    """A net that is partly transferred and partly new.

    Attributes
    ----------
    net
        Encoder, and decoder where the task needs one.
    head
        What is new for the task.
    outputs
        Number of classes, findings or structures.
    transferred
        Names of the tensors of `net` that came from a model.
    """

    def __init__(self, net: DenseNet, head: nn.Module, outputs: int) -> None:
        super().__init__()
        self.net = net
        self.head = head
        self.outputs = outputs
        self.transferred: frozenset[str] = frozenset()
        self._frozen = False

    def begin_with(self, pretrained: DenseNet, prefixes: tuple[str, ...]) -> None:
        """Take over the tensors under `prefixes` that the pretrained net has in the same shape."""
        own = self.net.state_dict()
        taken = {
            name: value
            for name, value in pretrained.state_dict().items()
            if name.startswith(prefixes) and name in own and own[name].shape == value.shape
        }
        self.net.load_state_dict(own | taken)
        self.transferred = frozenset(taken)

    def groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Return the parameters that were transferred, and those that are new."""
        known = [p for name, p in self.net.named_parameters() if name in self.transferred]
        others = [p for name, p in self.net.named_parameters() if name not in self.transferred]
        return known, [*others, *self.head.parameters()]

    def norms_to_settle(self) -> list[nn.BatchNorm2d | nn.BatchNorm3d]:
        """Return all batch norms if some of them began with no statistics of their own."""
        norms = {
            name: module
            for name, module in self.net.named_modules()
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d)
            and name.startswith((_ENCODER, *_DECODER))  # an embedding's own is not used
        }
        known = all(f"{name}.running_mean" in self.transferred for name in norms)
        return [] if known else list(norms.values())

    def freeze(self, frozen: bool) -> None:
        """Hold what was transferred as it is, its batch norms' statistics too, or let it learn."""
        self._frozen = frozen
        for parameter in self.groups()[0]:
            parameter.requires_grad_(not frozen)
        self.train(self.training)

    def train(self, mode: bool = True) -> TransferNet:
        """Set the mode; batch norms that are frozen stay in evaluation."""
        super().train(mode)
        if mode and self._frozen:
            for name, module in self.net.named_modules():
                if f"{name}.running_mean" in self.transferred:
                    module.eval()
        return self


class Classifier(TransferNet):
    """Encoder, global average of its deepest map, linear layer.

    Parameters
    ----------
    architecture
        Of the model that it begins with, or as if there were one.
    outputs
        Number of classes or findings.

    Examples
    --------
    >>> net = Classifier(Architecture.plain(widths=(4, 8), out_stride=2), outputs=3)
    >>> net(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 3])
    """

    def __init__(self, architecture: Architecture, outputs: int) -> None:
        net = build_net(_without_decoder(architecture))
        super().__init__(net, nn.Linear(architecture.widths[-1], outputs), outputs)

    def begin_with_encoder(self, pretrained: DenseNet) -> None:
        """Take over the encoder of a model."""
        self.begin_with(pretrained, (_ENCODER,))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(B, outputs)`` of prepared images ``(B, C, *spatial)``, 0 to 1."""
        parts = Parts(embedding=False, deepest=True)
        deepest = self.net.outputs(normalise_input(images), parts).deepest
        assert deepest is not None
        logits: Tensor = self.head(deepest.flatten(2).mean(2))
        return logits


class Segmenter(TransferNet):
    """Encoder and decoder up to full resolution, and a convolution of one voxel.

    The levels of the decoder that a model has not are new.

    Parameters
    ----------
    architecture
        Of the model that it begins with, or as if there were one.
    outputs
        Number of structures.
    coarse
        End where the embedding does, and bring the logits linearly to full resolution: all of the
        decoder is transferred, and a step takes half of the time. Nothing finer than a cell is
        learned.

    Examples
    --------
    >>> net = Segmenter(Architecture.plain(widths=(4, 8), out_stride=2), outputs=2)
    >>> net(torch.zeros(1, 1, 8, 6)).shape
    torch.Size([1, 2, 8, 6])
    """

    def __init__(self, architecture: Architecture, outputs: int, coarse: bool = False) -> None:
        net = build_net(_with_decoder(architecture, restoration=not coarse))
        width = net.feature_channels
        if net.restorer is not None:
            width, net.restorer.last = net.restorer.width, nn.Identity()
        head = convolution(architecture.ndim, width, outputs, kernel=1)
        assert isinstance(head.bias, nn.Parameter)
        nn.init.constant_(head.bias, FIRST_LOGIT)
        super().__init__(net, head, outputs)

    def begin_with_decoder(self, pretrained: DenseNet) -> None:
        """Take over encoder and decoder of a model, and what restores images but its last layer."""
        self.begin_with(pretrained, (_ENCODER, *_DECODER))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(B, outputs, *spatial)`` of prepared images ``(B, C, *spatial)``."""
        if self.net.restorer is not None:
            logits: Tensor = self.head(self.net.finest_features(normalise_input(images)))
            return logits
        cells = self.head(self.net.features(normalise_input(images))).float()
        mode = "bilinear" if cells.ndim == 4 else "trilinear"
        fine = F.interpolate(cells, scale_factor=float(self.net.stride), mode=mode)
        box: tuple[Any, ...] = (..., *(slice(0, side) for side in images.shape[2:]))
        return fine[box]


def _without_decoder(architecture: Architecture) -> Architecture:
    """Describe the encoder alone; its embedding is its deepest map, which nobody asks for."""
    return architecture.model_copy(
        update={
            "embedding_of": "encoder",
            "restoration": False,
            "clusters": 0,
            "out_stride": architecture.deepest_stride,
            "embedding_channels": architecture.widths[-1],
        }
    )


def _with_decoder(architecture: Architecture, restoration: bool) -> Architecture:
    """Describe encoder, decoder and, if asked, restoration branch, without trained heads."""
    values = {"embedding_of": "decoder", "restoration": restoration, "clusters": 0}
    decoded = architecture.model_copy(update=values)
    return decoded.model_copy(update={"embedding_channels": decoded.feature_channels})
