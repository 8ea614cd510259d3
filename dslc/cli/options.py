"""What the commands share: their options, and the way from a path to a compiled net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dslc.cli.errors import UsageFault
from dslc.cli.files import importer, read_spec
from dslc.cli.telling import Telling
from dslc.source import Source

if TYPE_CHECKING:
    from dslc.compile import Options
    from dslc.network.network import Network

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Spec:
    """A spec that was read, with what was said beside it."""

    path: Path
    source: Source
    options: Options
    telling: Telling = field(default_factory=Telling)

    @property
    def name(self) -> str:
        """What the outputs are called: `lenet5` for `lenet5.net`."""
        return self.path.stem

    def networks(self) -> tuple[Network, Network]:
        """Return the net for training and for inference; warnings are told."""
        from dslc.compile import network_of

        learning = network_of(self.source, self.options)
        self.telling.warn(learning.warnings)
        return learning, network_of(self.source, self.options, training=False)


def open_spec(
    path: str, settings: tuple[str, ...], net: str | None, told: Telling | None = None
) -> Spec:
    """Read a spec and take the `--set` values apart.

    Errors: UsageFault where a value is not `name=value`; what `read_spec` refuses.
    """
    from dslc.compile import Options

    parts: dict[str, str] = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageFault(f"--set {text}: write it as name=value, for example --set classes=37")
        parts[name.strip()] = value.strip()
    file = Path(path)
    options = Options(parts, net, importer(file.parent))
    return Spec(file, read_spec(file), options, told or Telling())


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
