"""What the examples beside the gallery make: stories with answers, and names for the weights of a VGG-19."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dslc.tasks.reading import open_spec
from tests.spine.command import ROOT, SPECS


def example(name: str) -> Any:
    return SimpleNamespace(**runpy.run_path(str(ROOT / "examples" / f"{name}.py")))


stories = example("stories")


def answer_of(story: list[str], asked: str) -> str:
    """Find out where somebody or something is, from the last sentence backwards."""
    for index in range(len(story) - 1, -1, -1):
        who, verb, *_, last = story[index].split()
        if verb == "went" and asked == who:
            return last
        if verb == "dropped" and asked == last:
            return answer_of(story[:index], who)
        if verb == "picked" and asked == last:
            return answer_of(story, who)
    raise AssertionError(f"nothing is said of {asked}")


@pytest.mark.parametrize("seed", range(200))
def test_a_story_answers_its_question(seed: int) -> None:
    story, question, answer = stories.tell(np.random.default_rng(seed))
    assert len(story) == stories.SENTENCES
    assert answer_of(story, question.split()[-1]) == answer


def test_the_memory_network_has_the_sizes_of_the_stories(tmp_path: Path) -> None:
    told = [stories.tell(np.random.default_rng(seed)) for seed in range(50)]
    arrays = stories.arrays(told)
    (section,) = open_spec(str(SPECS / "memory_network.net"), (), None).sections()
    shapes = {value.name: value.type.shape[1:] for value in section.learning.inputs}
    assert {name: arrays[name].shape[1:] for name in shapes} == shapes
    assert section.learning.outputs["logits"].type.shape[-1] == len(stories.WORDS)
    assert arrays["story"].max() < len(stories.WORDS)
    assert [stories.WORDS[n] for n in arrays["story"][0, 0] if n] == told[0][0][-1].split()


@pytest.mark.parametrize("names", ["torchvision", "ours"])
def test_weights_of_a_vgg_get_the_names_of_the_spec(names: str, tmp_path: Path) -> None:
    transfer = example("style_transfer")
    (section,) = open_spec(str(SPECS / "style_transfer.net"), ("width=2",), None).sections()
    wanted = {p.name: p.type.sizes for p in section.learning.parameters if p.name != "image"}
    theirs = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28]
    tensors = {"classifier.0.weight": np.zeros((4, 4))}
    for number, (own, shape) in zip(sorted(theirs * 2), wanted.items(), strict=True):
        kind = own.rpartition(".")[2]
        name = f"features.{number}.{kind}" if names == "torchvision" else own[len("vgg.") :]
        tensors[name] = np.full(shape, number, np.float32)
    np.savez(tmp_path / "vgg19.npz", **dict(reversed(tensors.items())))
    found = transfer.features(str(tmp_path / "vgg19.npz"))
    assert {name: tensor.shape for name, tensor in found.items()} == wanted
    assert [int(found[name].flat[0]) for name in wanted] == sorted(theirs * 2)


def test_pictures_of_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dslc import api

    for name, settings in (("vae", {"hidden": 4, "code": 2}), ("dcgan", {"width": 1, "code": 2})):
        api.compile(SPECS / f"{name}.net", tmp_path, **settings)
        picture = tmp_path / f"{name}.png"
        monkeypatch.setattr(
            sys, "argv", ["samples.py", str(tmp_path / f"{name}.onnx"), str(picture)]
        )
        runpy.run_path(str(ROOT / "examples" / "samples.py"), run_name="__main__")
        assert picture.read_bytes()[16:24] == np.array([16 * 28, 8 * 28], ">u4").tobytes()
