"""Train step by step: `Trainer(folder).step(feeds)` for any loop, with or without a data set.

    trainer = Trainer("build/lenet5")
    figures = trainer.step({"image": images, "digit": digits})      # {"loss": 2.3, ...}

Everything is bound once: a step copies its batch into buffers that stay, runs, and reads back a few
numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc_runtime.errors import FileFault, RuntimeFault, UserFault
from dslc_runtime.evaluator import Evaluator, Figures
from dslc_runtime.memory import check_step
from dslc_runtime.metadata import Metadata, read
from dslc_runtime.report import explain
from dslc_runtime.session import (
    CPU,
    Report,
    choose_device,
    dtype_of,
    homes,
    open_session,
    place,
)
from dslc_runtime.state import StateBuffers

if TYPE_CHECKING:
    from onnxruntime import IOBinding, OrtValue

Array = np.ndarray[Any, Any]


def to_stderr(line: str) -> None:
    """Print one line for the user on standard error."""
    print(line, file=sys.stderr, flush=True)


def find_net(folder: Path, net: str | None = None) -> str:
    """Return the name of the net compiled in `folder`; `net` chooses among several."""
    if not folder.is_dir():
        raise FileFault(f"{folder}: there is no such folder")
    names = sorted(path.name.removesuffix(".train.onnx") for path in folder.glob("*.train.onnx"))
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


class Trainer:
    """A compiled training: state, step and evaluation.

    `device` is `cpu`, `cuda`, `cuda:N` or `auto`; `seed` replaces the one of the spec; `threads` is
    the number of threads of the CPU. The state starts as the init graph makes it, always on the
    CPU: every device starts from the same bits.

    Errors: UserFault, FileFault, LimitFault, DeviceFault.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        net: str | None = None,
        device: str = "auto",
        seed: int | None = None,
        threads: int | None = None,
        report: Report = to_stderr,
    ) -> None:
        self.folder = Path(folder)
        self.name = find_net(self.folder, net)
        self.path = self.file("train.onnx")
        self.metadata: Metadata = read(self.path)
        if self.metadata.training is None:
            raise UserFault(f"{self.path}: this file holds no training")
        self.training = self.metadata.training
        self.device = choose_device(device, report)
        if self.device.kind == "cpu":
            check_step(self.metadata.memory)
        self.threads = threads
        self.seed = self.training.seed if seed is None else seed
        self.step_number = 0
        self.steps_per_epoch = 1
        self.validation = float("nan")
        self._session = open_session(self.path, self.metadata.session, self.device, threads)
        self._homes = homes(self._session) if self.device.kind == "cuda" else {}
        self.state = StateBuffers(self.metadata.state, self.device, self._homes)
        self.feeds, self._feed_values = self._input_buffers([p.name for p in self.metadata.feeds])
        self._numbers, self._number_values = self._input_buffers(self.metadata.reserved)
        self._moved = self._on_the_gpu()
        self._figures = self._output_buffers()
        self._bindings = (self._bind(0), self._bind(1))
        self._evaluator: Evaluator | None = None
        self.reset()

    def file(self, ending: str) -> Path:
        """Return the path of one of the net's files: `file("eval.onnx")`."""
        return self.folder / f"{self.name}.{ending}"

    def reset(self) -> None:
        """Go back to step 0: the state becomes what the init graph makes of the seed."""
        path = self.file("init.onnx")
        session = open_session(path, read(path).session, CPU, self.threads, arena=False)
        try:
            self.state.initialise(session, self.seed)
        except Exception as error:
            raise explain(error, path) from error
        self.step_number = 0

    def _input_buffers(self, names: Sequence[str]) -> tuple[dict[str, Array], dict[str, OrtValue]]:
        """Return an array on the host for each input, and the value that is bound for it."""
        ports = {port.name: port for port in self._session.get_inputs()}
        arrays, values = {}, {}
        for name in names:
            if name not in ports:
                continue  # a target that no loss of this section uses
            shape = ports[name].shape
            if not all(isinstance(size, int) for size in shape):
                raise RuntimeFault(f"{self.path}: the shape of `{name}` is not fixed: {shape}")
            arrays[name] = np.zeros(shape, dtype_of(ports[name].type))
            values[name] = place(arrays[name], self._homes.get(name, "cpu"), self.device)
        return arrays, values

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

    def _bind(self, turn: int) -> IOBinding:
        binding = self._session.io_binding()
        self.state.bind(binding, turn)
        for name, value in {**self._feed_values, **self._number_values}.items():
            binding.bind_ortvalue_input(name, value)
        for name, array in self._figures.items():
            binding.bind_ortvalue_output(name, place(array, "cpu", CPU))
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
            self._session.run_with_iobinding(self._bindings[self.state.turn])
        except Exception as error:
            kind = self.device.kind
            raise explain(error, self.path, kind, self.metadata.memory) from error
        results = {name: float(array) for name, array in self._figures.items()}
        if self.metadata.finite and not results.pop(self.metadata.finite):
            self._diverged(samples)
        self.state.swap()
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

        feeds = {**self.state.numpy(), **self.feeds, **self._numbers}
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
        kept = {s.name for s in self.metadata.state if s.kind in ("parameter", "statistic")}
        return {name: np.array(v.numpy()) for name, v in self.state.learned.items() if name in kept}
