"""Train step by step: `Trainer(folder).step(feeds)` for any loop, with or without a data set.

    trainer = Trainer("build/lenet5")
    figures = trainer.step({"image": images, "digit": digits})      # {"loss": 2.3, ...}

Everything is bound once: a step copies its batch into buffers that stay, runs, and reads back a few
numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import DeviceFault, FileFault, RuntimeFault, UserFault
from dslc_runtime.evaluator import Evaluator, Figures
from dslc_runtime.memory import check_step
from dslc_runtime.metadata import Metadata, State, read
from dslc_runtime.report import explain
from dslc_runtime.session import (
    CPU,
    Device,
    Report,
    capture,
    choose_device,
    dtype_of,
    homes,
    open_session,
    place,
)
from dslc_runtime.state import StateBuffers

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding, OrtValue, RunOptions

Array = np.ndarray[Any, Any]


def to_stderr(line: str) -> None:
    """Print one line for the user on standard error."""
    print(line, file=sys.stderr, flush=True)


def find_net(folder: Path, net: str | None = None) -> str:
    """Return the name of the net compiled in `folder`; `net` chooses among several."""
    if not folder.is_dir():
        raise FileFault(f"{folder}: there is no such folder")
    names = sorted({_net_of(path) for path in folder.glob("*.train.onnx")})
    if net is None and len(names) == 1:
        return names[0]
    if net in names:
        return str(net)
    if not names:
        raise UserFault(
            f"{folder}: there is no compiled training here (NAME.train.onnx)",
            helps=(f"`dslc compile SPEC -o {folder}` makes it",),
        )
    raise UserFault(f"{folder}: which net? It holds {', '.join(names)}")


def _net_of(path: Path) -> str:
    """Return the name of the net that a train graph belongs to: `gan` of `gan.critic.train.onnx`."""
    name = path.name.removesuffix(".train.onnx")
    stem, _, section = name.rpartition(".")
    training = read(path).training if stem else None
    return stem if training is not None and training.section == section else name


def sections_in(folder: Path, net: str) -> tuple[str, ...]:
    """Return the train sections of a net that take turns, in their order; none where there is one."""
    if (folder / f"{net}.train.onnx").exists():
        return ()
    files = sorted(folder.glob(f"{net}.*.train.onnx"))
    training = read(files[0]).training if files else None
    return training.sections if training is not None else ()


class Trainer:
    """A compiled training: state, step and evaluation.

    `device` is `cpu`, `cuda`, `cuda:N` or `auto`; `seed` replaces the one of the spec; `threads` is
    the number of threads of the CPU. The state starts as the init graph makes it, always on the
    CPU: every device starts from the same bits.

    With `cuda_graph` the step of each pair of buffers is recorded as a CUDA graph, and played back:
    the CPU starts one thing for each step, and not thousands.

    `section` names one of several train sections, by default the first; the trainer of another one
    stands `beside` it and shares its state and its batch:

        critic = Trainer("build", section="critic")
        generator = Trainer("build", section="generator", beside=critic)

    Errors: UserFault, FileFault, LimitFault, DeviceFault.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        net: str | None = None,
        section: str | None = None,
        beside: Trainer | None = None,
        device: str = "auto",
        seed: int | None = None,
        threads: int | None = None,
        cuda_graph: bool = False,
        report: Report = to_stderr,
    ) -> None:
        self.folder = Path(folder)
        self.name = find_net(self.folder, net)
        self.section = self._section(section)
        self.path = self.file("train.onnx")
        self.metadata: Metadata = read(self.path)
        if self.metadata.training is None:
            raise UserFault(f"{self.path}: this file holds no training")
        self.training = self.metadata.training
        self.device: Device = beside.device if beside else choose_device(device, report)
        self.captures: bool = beside.captures if beside else cuda_graph
        self.threads = threads
        self.seed = self.training.seed if seed is None else seed
        self.step_number = 0
        self.steps_per_epoch = 1
        self.validation = float("nan")
        self._session = self._open()
        self._homes = homes(self._session) if self.device.kind == "cuda" else {}
        if self.captures:
            self._need_homes_on_the_gpu()
        self.state: StateBuffers = beside.state if beside else StateBuffers((), self.device)
        new = self.state.include(self.metadata.state, self._homes)
        self._beside = beside
        self.feeds, self._feed_values = self._input_buffers([p.name for p in self.metadata.feeds])
        self._numbers, self._number_values = self._input_buffers(self.metadata.reserved)
        self._moved = self._on_the_gpu()
        self._figures = self._output_buffers()
        home = "cuda" if self.captures else "cpu"
        self._figure_values = {n: place(a, home, self.device) for n, a in self._figures.items()}
        self._bindings: dict[tuple[int, ...], tuple[IOBinding, RunOptions | None]] = {}
        self._evaluator: Evaluator | None = None
        self._initialise(new)

    def _open(self) -> InferenceSession:
        """Return the session of the train graph, where it can be had."""
        if self.captures and self.device.kind != "cuda":
            raise UserFault(
                "a step is recorded as a CUDA graph only on a GPU",
                helps=("take `--device cuda`, or leave out `--cuda-graph`",),
            )
        if self.device.kind == "cpu":
            check_step(self.metadata.memory)
        device = replace(self.device, captures=self.captures)
        return open_session(self.path, self.metadata.session, device, self.threads)

    def _section(self, wanted: str | None) -> str | None:
        names = sections_in(self.folder, self.name)
        if wanted is not None and wanted not in names:
            known = f"it has {', '.join(names)}" if names else "it has one, without a name"
            raise UserFault(f"{self.name} has no train section `{wanted}`; {known}")
        return wanted or (names[0] if names else None)

    def file(self, ending: str) -> Path:
        """Return the path of one of the files of the net, or of the train section: `file("eval.onnx")`."""
        names = [self.name, self.section, ending] if ending != "init.onnx" else [self.name, ending]
        return self.folder / ".".join(name for name in names if name)

    def reset(self) -> None:
        """Go back to step 0: the state becomes what the init graph makes of the seed."""
        self._initialise(self.state.states)
        self.step_number = 0

    def _initialise(self, states: Sequence[State]) -> None:
        if not states:
            return  # a section that shares all it changes
        path = self.file("init.onnx")
        session = open_session(path, read(path).session, CPU, self.threads)
        try:
            self.state.initialise(session, self.seed, states)
        except Exception as error:
            raise explain(error, path) from error

    def _input_buffers(self, names: Sequence[str]) -> tuple[dict[str, Array], dict[str, OrtValue]]:
        """Return an array on the host for each input, and the value that is bound for it."""
        ports = {port.name: port for port in self._session.get_inputs()}
        arrays, values = {}, {}
        for name in names:
            if name not in ports:
                continue  # a target that no loss of this section uses
            shared = self._shared(name)
            if shared is not None:
                arrays[name], values[name] = shared
                continue
            shape = ports[name].shape
            if not all(isinstance(size, int) for size in shape):
                raise RuntimeFault(f"{self.path}: the shape of `{name}` is not fixed: {shape}")
            arrays[name] = np.zeros(shape, dtype_of(ports[name].type))
            values[name] = place(arrays[name], self._homes.get(name, "cpu"), self.device)
        return arrays, values

    def _shared(self, name: str) -> tuple[Array, OrtValue] | None:
        """Return the buffer of a feed that another section of the same batch has."""
        other = self._beside
        if other is None or name not in other.feeds:
            return None
        return other.feeds[name], other._feed_values[name]

    def _on_the_gpu(self) -> list[tuple[OrtValue, Array]]:
        """Return the inputs that have to be copied before each step, and from where."""
        arrays = {**self.feeds, **self._numbers}
        values = {**self._feed_values, **self._number_values}
        return [(values[name], arrays[name]) for name in arrays if self._homes.get(name) == "cuda"]

    def _output_buffers(self) -> dict[str, Array]:
        """Return an array on the host for each figure, and for the flag that all is finite."""
        wanted = [*self.metadata.figures, *([self.metadata.finite] if self.metadata.finite else [])]
        ports = {port.name: port for port in self._session.get_outputs()}
        return {
            name: np.zeros(ports[name].shape, dtype_of(ports[name].type))
            for name in wanted
            if name in ports
        }

    def _need_homes_on_the_gpu(self) -> None:
        """A recorded step reads again what stands on the GPU; what it was told by the CPU, it remembers."""
        elsewhere = sorted(name for name, home in self._homes.items() if home != "cuda")
        if elsewhere:
            raise DeviceFault(
                f"{self.path}: no CUDA graph can be made of this step",
                facts=[f"it reads on the CPU: {', '.join(elsewhere)}"],
                helps=("leave out `--cuda-graph`",),
            )

    def _binding(self) -> tuple[IOBinding, RunOptions | None]:
        """Return what a step reads and writes; there are few, for buffers change places in turns.

        Each is a CUDA graph of its own.
        """
        turns = self.state.turns(self.metadata.state)
        if turns not in self._bindings:
            number = len(self._bindings) + 1
            self._bindings[turns] = self._bind(), capture(number) if self.captures else None
        return self._bindings[turns]

    def _bind(self) -> IOBinding:
        binding = self._session.io_binding()
        self.state.bind(binding, self.metadata.state)
        for name, value in {**self._feed_values, **self._number_values}.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in self._figure_values.items():
            binding.bind_ortvalue_output(name, value)
        return binding

    def step(self, feeds: Mapping[str, Any]) -> dict[str, float]:
        """Train on one batch and return its losses and metrics. A feed is an array or a number.

        Errors: UserFault for a feed that is missing, unknown or of another shape; DivergedFault,
        with the first value that is not finite; the state is then that of before the step.
        """
        self._take(feeds)
        return self.run_step()

    def _take(self, feeds: Mapping[str, Any]) -> None:
        if feeds.keys() != self.feeds.keys():
            raise UserFault(
                f"a step takes {', '.join(self.feeds) or 'nothing'}; "
                f"got {', '.join(feeds) or 'nothing'}"
            )
        for name, buffer in self.feeds.items():
            array = np.asarray(feeds[name])
            if array.shape != buffer.shape:
                raise UserFault(
                    f"`{name}` has the shape {list(array.shape)}, "
                    f"and a step takes {list(buffer.shape)}"
                )
            try:
                np.copyto(buffer, array, casting="same_kind")
            except TypeError as error:
                raise UserFault(
                    f"`{name}` is {array.dtype}, and a step takes {buffer.dtype}"
                ) from error

    def run_step(self, samples: Sequence[int] | Array | None = None) -> dict[str, float]:
        """Train on the batch in `self.feeds`; `samples` are its numbers, for messages."""
        self._set_numbers()
        for value, array in self._moved:
            value.update_inplace(array)
        try:
            self._session.run_with_iobinding(*self._binding())
        except Exception as error:
            kind = self.device.kind
            raise explain(error, self.path, kind, self.metadata.memory) from error
        if self.captures:
            for name, value in self._figure_values.items():
                self._figures[name][...] = value.numpy()
        results = {name: float(array) for name, array in self._figures.items()}
        if self.metadata.finite and not results.pop(self.metadata.finite):
            self._diverged(samples)
        self.state.swap(self.metadata.state)
        self.step_number += 1
        return results

    def _set_numbers(self) -> None:
        values = (self.seed, self.step_number, self.steps_per_epoch, self.validation)
        for name, value in zip(
            ("seed", "step", "steps_per_epoch", "validation"), values, strict=True
        ):
            if name in self._numbers:
                self._numbers[name][...] = value

    def _diverged(self, samples: Sequence[int] | Array | None) -> None:
        from dslc_runtime.divergence import diagnose

        current = self.state.current
        state = {s.name: np.array(current[s.name].numpy()) for s in self.metadata.state}
        feeds = {**state, **self.feeds, **self._numbers}
        raise diagnose(self.path, feeds, self.metadata, self.step_number, samples)

    def evaluate(self, batches: Mapping[str, Array] | Iterable[Mapping[str, Array]]) -> Figures:
        """Return losses and metrics in inference mode over one batch or many, of any sizes."""
        if self._evaluator is None:
            self._evaluator = Evaluator(self.file("eval.onnx"), self.device, self.threads)
        return self._evaluator.run(
            self.state.learned, [batches] if isinstance(batches, Mapping) else batches
        )

    def weights(self) -> dict[str, Array]:
        """Return a copy of what the net itself needs: parameters (or their averages) and statistics."""
        kept = {s.name for s in self.state.states if s.kind in ("parameter", "statistic")}
        return {name: np.array(v.numpy()) for name, v in self.state.learned.items() if name in kept}
