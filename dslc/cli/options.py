"""What the commands share: their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def spec_options(command: Command) -> Command:
    """Add the argument SPEC and the options that every command on a spec takes."""
    net = click.option("--net", metavar="NAME", help="Which net, where the file has several.")
    sets = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Override a hyper-parameter (classes=37) or a training setting (train.epochs=4).",
    )
    spec = click.argument("spec", type=click.Path())
    return spec(sets(net(command)))


device_option = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="cpu|cuda|auto",
    help="Where to run; cuda:1 is the second GPU. There is no silent fall back.",
)

threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Threads that one operator may use on the CPU (default: as onnxruntime chooses).",
)
