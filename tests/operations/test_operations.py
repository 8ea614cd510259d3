"""Every operation, by every check: the table is in the `cases_*.py` beside this file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest

from dslc.errors import RuleError
from dslc.graph.builder import type_of
from dslc.registry import operations
from tests.operations import evaluate as ev
from tests.operations.harness import Array, Case, WrongCall
from tests.operations.tolerance import assert_gradient, assert_result, rms

DIRECTIONS = 4


def _modules() -> Iterator[Any]:
    path = __file__.rpartition("/")[0]
    for item in pkgutil.iter_modules([path]):
        if item.name.startswith("cases_"):
            yield importlib.import_module(f"tests.operations.{item.name}")


CASES = [case for module in _modules() for case in module.CASES]
WRONG_CALLS = [call for module in _modules() for call in getattr(module, "WRONG_CALLS", ())]

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_mode = pytest.mark.parametrize(
    ("case", "training"),
    [(case, training) for case in CASES for training in case.modes],
    ids=lambda x: x.name if isinstance(x, Case) else ("training" if x else "inference"),
)


def test_every_operation_has_a_row() -> None:
    covered = {type(case.operation) for case in CASES}
    alone = {name: found for name, found in operations().items() if not found.holds_calls}
    missing = sorted(name for name, found in alone.items() if found not in covered)
    assert not missing, f"no row in tests/operations/cases_*.py for: {', '.join(missing)}"


def test_names_of_rows_are_unique() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


def _flows(case: Case) -> bool:
    """Tell whether any gradient of a row is not zero."""
    values, owned = ev.draw(case)
    found = ev.evaluate(case, _gradient_mode(case), (*values, *owned))
    gradients = found.backward(*ev.cotangents(found.results))
    return any(gradient is not None and bool(np.any(gradient)) for gradient in gradients)


@pytest.mark.parametrize("name", operations())
def test_an_operation_says_whether_a_gradient_flows(name: str) -> None:
    rows = [case for case in CASES if type(case.operation) is operations()[name]]
    floats = [c for c in rows if any(t.dtype.is_float for t in ev.types_of(c))]
    taken = [c for c in floats if ev.trained_operands(c)]
    if taken:
        assert any(_flows(case) for case in taken) == operations()[name].differentiable


@every_mode
def test_types_agree(case: Case, training: bool) -> None:
    """The shape rule, the reference and the types of the nodes say the same."""
    expected = [type.bind(case.sizes) for type in ev.types_of(case)]
    values, owned = ev.draw(case)
    found = ev.evaluate(case, training, (*values, *owned), np.float32)
    assert [y.shape for y in found.results] == [type.sizes for type in expected]
    assert [y.dtype for y in found.results] == [type.dtype.numpy for type in expected]
    exact = ev.evaluate(case, training, (*values, *owned))
    assert all(y.dtype != np.float32 for y in exact.results), "the reference forces float32"
    lowered = ev.lower(case, training, case.sizes)
    assert [type_of(y) for y in lowered.results] == expected


@every_mode
def test_graph_computes_the_reference(case: Case, training: bool) -> None:
    """Results and next statistics on onnxruntime, with the sizes fixed."""
    _compare_results(case, training, ev.lower(case, training, case.sizes))


@pytest.mark.parametrize("case", [c for c in CASES if False in c.modes], ids=lambda case: case.name)
def test_graph_with_free_sizes_computes_the_reference(case: Case) -> None:
    lowered = ev.lower(case, False, {})
    assert [type_of(y) for y in lowered.results] == list(ev.types_of(case))
    onnx.checker.check_model(lowered.model(), full_check=True)
    _compare_results(case, False, lowered)


def _compare_results(case: Case, training: bool, lowered: ev.Lowered) -> None:
    values, owned = ev.draw(case)
    found = ev.on_onnxruntime(lowered, (*values, *owned))
    exact = ev.evaluate(case, training, (*values, *owned))
    yardstick = ev.evaluate(case, training, (*values, *owned), np.float32)
    for i, (y, y32) in enumerate(zip(exact.results, yardstick.results, strict=True)):
        assert_result(found.pop(f"y{i}"), y, y32, f"result {i}")
    for name, next_value in exact.state.items():
        assert_result(found.pop(f"next.{name}"), next_value, yardstick.state[name], name)
    assert not found, "the graph updates what the reference does not"


@every_mode
def test_backward_agrees_with_central_differences(case: Case, training: bool) -> None:
    """The backward pass of the reference, along random directions, one operand after the other."""
    values, owned = ev.draw(case)
    operands = (*values, *owned)
    found = ev.evaluate(case, training, operands)
    weights = ev.cotangents(found.results)
    gradients = found.backward(*weights)
    assert len(gradients) == len(operands), "one gradient per value and parameter"
    for i in ev.trained_operands(case):
        x = operands[i]
        assert x is not None
        gradient = gradients[i] if gradients[i] is not None else np.zeros_like(x)
        assert gradient.shape == x.shape, f"gradient {i} has shape {gradient.shape}"
        if case.differences:
            _compare_slopes(case, training, operands, i, gradient, weights)


def _compare_slopes(
    case: Case,
    training: bool,
    operands: tuple[Array | None, ...],
    index: int,
    gradient: Array,
    weights: tuple[Array, ...],
) -> None:
    rng = np.random.default_rng(index)
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(gradient.shape)
        direction /= max(float(np.linalg.norm(direction)), 1e-30)

        def along(t: float, direction: Array = direction) -> float:
            moved = list(operands)
            moved[index] = operands[index] + t * direction
            return ev.weighted_sum(ev.evaluate(case, training, moved).results, weights)

        def slope(h: float) -> float:
            return (along(h) - along(-h)) / (2 * h)

        measured = (4 * slope(case.step / 2) - slope(case.step)) / 3
        error = abs(float((gradient * direction).sum()) - measured)
        bound = 1e-7 * float(np.linalg.norm(gradient)) + _noise(along(0.0), case.step)
        assert error <= bound, f"operand {index}: slope off by {error:.3e}, bound {bound:.3e}"


def _noise(value: float, step: float) -> float:
    """Return what the rounding of the two ends of a difference can amount to."""
    return 64 * np.finfo(np.float64).eps * max(abs(value), 1.0) / step


def _gradient_mode(case: Case) -> bool:
    return True in case.modes


@every_case
def test_generated_gradient_agrees_with_the_reference(case: Case) -> None:
    training = _gradient_mode(case)
    values, owned = ev.draw(case)
    operands = (*values, *owned)
    exact = ev.evaluate(case, training, operands)
    yardstick = ev.evaluate(case, training, operands, np.float32)
    weights = ev.cotangents(exact.results)
    if not any(y.dtype.kind == "f" for y in exact.results):
        return
    lowered = ev.lower_gradient(case, training, weights)
    onnx.checker.check_model(lowered.model(), full_check=True)
    found = ev.on_onnxruntime(lowered, operands)
    wide, narrow = exact.backward(*weights), yardstick.backward(*ev.cast(weights, np.float32))
    scale = max((rms(d) for d in wide if d is not None and d.size), default=0.0)
    for i in ev.trained_operands(case):
        zero = np.zeros_like(operands[i])
        d64, d32 = (zero if d is None else d for d in (wide[i], narrow[i]))
        assert_gradient(found.get(f"d{i}", zero), d64, d32, scale, f"gradient of operand {i}")


@pytest.mark.parametrize(
    ("case", "training"),
    [(c, training) for c in CASES if c.torch is not None for training in c.modes],
    ids=lambda x: x.name if isinstance(x, Case) else ("training" if x else "inference"),
)
def test_pytorch_computes_the_same(case: Case, training: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is an extra: a second opinion only")
    values, owned = ev.draw(case)
    operands = (*values, *owned)
    exact = ev.evaluate(case, training, operands)
    tensors = [None if x is None else torch.tensor(x) for x in operands]
    trained = ev.trained_operands(case)
    for i in trained:
        tensors[i].requires_grad_(True)
    results = case.torch(torch, *tensors)
    results = results if isinstance(results, tuple) else (results,)
    for found, y in zip(results, exact.results, strict=True):
        _near(found.detach().numpy(), y)
    weights = ev.cotangents(exact.results)
    total = sum(
        (y * torch.tensor(w)).sum()
        for y, w in zip(results, weights, strict=True)
        if y.is_floating_point() and y.requires_grad
    )
    if trained and isinstance(total, torch.Tensor):
        total.backward()
        for i, gradient in enumerate(exact.backward(*weights)):
            if i in trained:
                _near(_or_zeros(tensors[i].grad, operands[i]), _or_zeros(gradient, operands[i]))
    specs = ev.parameters_of(case)
    for spec, tensor in zip(specs, tensors[len(values) :], strict=True):
        if spec.name in exact.state:
            _near(tensor.detach().numpy(), exact.state[spec.name])


def _or_zeros(gradient: Any, like: Array | None) -> Array:
    return np.zeros_like(like) if gradient is None else np.asarray(gradient)


def _near(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("call", WRONG_CALLS, ids=lambda call: call.name)
def test_wrong_call_is_refused(call: WrongCall) -> None:
    with pytest.raises(RuleError) as caught:
        call.operation.infer(*call.inputs)
    error = caught.value
    assert error.code == call.code
    edits = (f"{edit.sentence}  {edit.text}" for edit in error.edits)
    told = "\n".join((error.message, error.text, *error.facts, *edits, *error.helps))
    for part in call.says:
        assert part in told
