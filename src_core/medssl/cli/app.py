"""The tree of verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from medssl import __version__
from medssl.cli.cohort import cohort
from medssl.cli.convert import convert
from medssl.cli.demo import demo
from medssl.cli.doctor import doctor
from medssl.cli.embed import embed
from medssl.cli.evaluate import evaluate
from medssl.cli.finetune import finetune
from medssl.cli.info import info
from medssl.cli.landmarks import landmarks
from medssl.cli.lesions import lesions
from medssl.cli.model import model
from medssl.cli.output import out
from medssl.cli.predict import predict
from medssl.cli.pretrain import pretrain
from medssl.cli.protocol import protocol
from medssl.cli.refine import refine
from medssl.cli.run import run
from medssl.cli.runs import runs
from medssl.cli.segment import segment
from medssl.cli.steer import logs, pause, resume, stop

app = typer.Typer(
    name="medssl",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        out.print(f"medssl {__version__}")
        raise typer.Exit


@app.callback()
def medssl(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Medical images with next to no annotation: pretrain, click once, find everywhere."""


verbs = (
    *(demo, info, pretrain, embed, landmarks, refine, predict, convert),
    *(run, runs, stop, pause, resume, logs, doctor),
)
for verb in verbs:
    app.command()(verb)
app.add_typer(cohort, name="cohort")
app.add_typer(protocol, name="protocol")
app.add_typer(finetune, name="finetune")
app.add_typer(lesions, name="lesions")
app.add_typer(segment, name="segment")
app.add_typer(evaluate, name="evaluate")
app.add_typer(model, name="model")
