"""The commands. Each reads its arguments, calls one function of the library, and prints what it gives."""

from __future__ import annotations

from pathlib import Path

import click

from dslc.cli.options import device_option, spec_options, threads_option
from dslc.cli.telling import Telling, as_list, json_option, strict_option, telling
from dslc.tasks.reading import open_spec


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dslc")
def dslc() -> None:
    """Write a network down; get ONNX files: the network, and a whole training step as one graph."""


@dslc.command("compile")
@spec_options
@click.option("-o", "--output", default="build", show_default=True, help="Folder for the files.")
@click.option("--weights", type=click.Path(), help="Weights of the network (.safetensors, .npz).")
@click.option("--open", "is_open", is_flag=True, help="Leave the parameters as inputs.")
@strict_option
@json_option
def compile_command(
    spec: str,
    settings: tuple[str, ...],
    net: str | None,
    output: str,
    weights: str | None,
    is_open: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Write the four graphs of SPEC."""
    from dslc_runtime.weights import read_weights

    from dslc.tasks.building import build

    given = read_weights(Path(weights)) if weights else None
    with telling(as_json, strict) as told:
        opened = open_spec(spec, settings, net, told.warn)
        for path, size in build(opened, Path(output), given, is_open):
            told.say(f"{path}  {size:,} bytes")
    if as_json:
        click.echo(as_list(told.warnings))


@dslc.command()
@spec_options
@device_option
@threads_option
@click.option("--table", is_flag=True, help="Print one line for every tensor, too.")
@strict_option
@json_option
def check(
    spec: str,
    settings: tuple[str, ...],
    net: str | None,
    device: str,
    threads: int | None,
    table: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Compare the NumPy interpreter, onnxruntime and finite differences."""
    from dslc_runtime.trainer import to_stderr

    from dslc.checking.report import report_lines
    from dslc.tasks.checking import run_check

    with telling(as_json, strict) as told:
        opened = open_spec(spec, settings, net, told.warn)
        report = run_check(opened, device, to_stderr, threads)
    for line in report_lines(report, everything=table):
        told.say(line)
    if as_json:
        click.echo(as_list(told.warnings))
    if not report.passed:
        raise click.exceptions.Exit(1)


@dslc.command()
@spec_options
@device_option
@threads_option
@click.option("--cuda-graph", is_flag=True, help="On a GPU, record a step and play it back.")
@click.option("--data", type=click.Path(), help="The data set, in place of the one of the spec.")
@click.option("--map", "mapping", metavar="NAME=ARRAY,...", help="Which array is which input.")
@click.option("-o", "--output", default=None, help="Folder of the run (default runs/NAME).")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of the folder.")
@strict_option
def train(
    spec: str,
    settings: tuple[str, ...],
    net: str | None,
    device: str,
    threads: int | None,
    cuda_graph: bool,
    data: str | None,
    mapping: str | None,
    output: str | None,
    resume: bool,
    strict: bool,
) -> None:
    """Train SPEC; leave its graphs with the trained weights, history.csv and checkpoints."""
    from dslc.tasks.training import run_training

    opened = open_spec(spec, settings, net, Telling(strict=strict).warn)
    folder = Path(output) if output else Path("runs") / opened.name
    target = run_training(
        opened,
        folder,
        device=device,
        threads=threads,
        cuda_graph=cuda_graph,
        data=data,
        mapping=mapping,
        resume=resume,
    )
    click.echo(f"{target}: the network with its trained weights")


@dslc.command("eval")
@spec_options
@device_option
@click.option("--data", type=click.Path(), help="The data set, in place of the one of the spec.")
@click.option("--map", "mapping", metavar="NAME=ARRAY,...", help="Which array is which input.")
@click.option("--weights", type=click.Path(), help="Weights to evaluate (.safetensors, .npz).")
def evaluate(
    spec: str,
    settings: tuple[str, ...],
    net: str | None,
    device: str,
    data: str | None,
    mapping: str | None,
    weights: str | None,
) -> None:
    """Print losses and metrics of SPEC, or of a run's folder, on data."""
    from dslc_runtime.confusion import table_lines

    from dslc.tasks.training import run_evaluation

    if weights is None and not Path(spec).is_dir():
        click.echo("weights: as they start; --weights FILE or a run's folder has others", err=True)
    figures = run_evaluation(spec, settings, net, device, data, mapping, weights)
    for name, value in figures.items():
        lines = [f"{name} {value:.6g}"] if isinstance(value, float) else table_lines(name, value)
        click.echo("\n".join(lines))


@dslc.command()
@click.argument("model", type=click.Path())
@click.argument("input", type=click.Path())
@device_option
@click.option("-o", "--output", type=click.Path(), help="Write the outputs to this .npz file.")
def run(model: str, input: str, device: str, output: str | None) -> None:
    """Run MODEL.onnx on INPUT (.npy or .npz) and print or write what it gives."""
    from dslc.tasks.training import run_model

    for line in run_model(Path(model), Path(input), device, Path(output) if output else None):
        click.echo(line)


@dslc.command()
@spec_options
@click.option("--weights", type=click.Path(), required=True, help="Weights (.safetensors, .npz).")
@click.option("-o", "--output", type=click.Path(), help="The file to write (default NAME.onnx).")
def export(
    spec: str, settings: tuple[str, ...], net: str | None, weights: str, output: str | None
) -> None:
    """Write the network of SPEC with given weights as one ONNX file."""
    from dslc.tasks.building import export_network

    opened = open_spec(spec, settings, net)
    target = Path(output) if output else Path(f"{opened.name}.onnx")
    click.echo(f"{target}  {export_network(opened, target, Path(weights)):,} bytes")


@dslc.command()
@spec_options
@strict_option
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="The summary as JSON, with its warnings as `diagnostics`; where SPEC has mistakes, their list alone. "
    "`dslc compile --help` says what a diagnostic is.",
)
def summary(
    spec: str, settings: tuple[str, ...], net: str | None, strict: bool, as_json: bool
) -> None:
    """Print rows, shapes, parameters and multiply-adds."""
    import json

    from dslc.network.summary import summarize
    from dslc.render import to_json

    with telling(as_json, strict) as told:
        sections = open_spec(spec, settings, net, told.warn).sections()
    found = summarize(sections[0].learning)
    if not as_json:
        click.echo(found.text())
        return
    diagnostics = [to_json(warning) for warning in told.warnings]
    click.echo(json.dumps({**found.to_json(), "diagnostics": diagnostics}, indent=2))


@dslc.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 names what would change.")
@click.option("--shapes", is_flag=True, help="Write or update the checked shapes of the rows.")
@click.option("--fix", is_flag=True, help="Rewrite names of PyTorch, Keras and ONNX to ours.")
def fmt(specs: tuple[str, ...], check: bool, shapes: bool, fix: bool) -> None:
    """Lay SPECs out in the canonical way, in place; `-` is standard input, written to standard output."""
    from dslc.cli.formatting import Request, run_format

    code = run_format(specs, Request(check, shapes, fix))
    if code:
        raise click.exceptions.Exit(code)


@dslc.command("help", context_settings={"ignore_unknown_options": True})  # `->` is a name
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="The entries as a JSON list.")
def help_command(name: str | None, as_json: bool) -> None:
    """Tell what NAME is: signature, settings, shapes, formula, source, an example. Without NAME, list all.

    NAME is a layer, function, loss, metric, optimizer, schedule, initializer, a sign or a word of the language.
    """
    from dslc.cli.helping import print_help

    print_help(name, as_json=as_json)


@dslc.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a mistake by its CODE: what it means, a spec that has it, and the same spec mended."""
    from dslc.cli.explaining import explain as pages

    for line in pages(code):
        click.echo(line)


@dslc.command()
def lsp() -> None:
    """Serve an editor: the language server, on standard input and output."""
    from dslc.cli.editor import serve

    serve()


STAGES = ("tree", "network", "graph", "gradient", "onnx")


@dslc.command()
@spec_options
@click.option("--stage", type=click.Choice(STAGES), default="network", show_default=True)
def show(spec: str, settings: tuple[str, ...], net: str | None, stage: str) -> None:
    """Print any stage of the compiler as text."""
    from dslc.tasks.showing import show_stage

    click.echo(show_stage(open_spec(spec, settings, net), stage))
