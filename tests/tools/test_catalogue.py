"""The catalogue: every architecture expands to a graph that fits together and has the published number of weights."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convlens import catalogue
from convlens.errors import UserError
from convlens.expressions import evaluate, substitute
from convlens.model_file import check_model
from convlens.operators import infer_shapes
from convlens.random_model import random_model

# Trainable parameters as published (torchvision's documentation, the authors' repositories).
PARAMETERS = {
    "alexnet": 61_100_840,
    "vgg11": 132_863_336,
    "vgg11_bn": 132_868_840,
    "vgg13": 133_047_848,
    "vgg13_bn": 133_053_736,
    "vgg16": 138_357_544,
    "vgg16_bn": 138_365_992,
    "vgg19": 143_667_240,
    "vgg19_bn": 143_678_248,
    "bvlc_googlenet": 6_998_552,
    "googlenet": 6_624_904,
    "squeezenet1_0": 1_248_424,
    "squeezenet1_1": 1_235_496,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "cifar_resnet20": 269_722,
    "cifar_resnet32": 464_154,
    "cifar_resnet44": 658_586,
    "cifar_resnet56": 853_018,
    "densenet121": 7_978_856,
    "mobilenet_v2": 3_504_872,
    "efficientnet_lite0": 4_652_008,
    "efficientnet_lite1": 5_416_680,
    "efficientnet_lite2": 6_092_072,
    "efficientnet_lite3": 8_197_096,
    "efficientnet_lite4": 13_006_568,
    "johnson_style": 424_905 - 6,
    "fast_neural_style": 1_679_235,
    "conditional_style26": 166_104,
    "deepsim_fc6": 56_097_891,
}


def test_all_architectures_are_covered() -> None:
    assert set(PARAMETERS) == set(catalogue.names())


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_graph(name: str) -> None:
    entry = catalogue.load(name)
    for scheme in entry.schemes:
        plan = entry.plan(scheme, {})
        published = list(plan.published.values())
        assert len(published) == len(set(published)), "two layers would take the same tensor"
    plan = entry.plan(entry.schemes[0], {})
    shapes = infer_shapes(plan.model)
    trainable = sum(
        math.prod(shape)
        for layer in plan.model.layers
        for role, shape in shapes[layer.name].weights.items()
        if role not in ("running_mean", "running_var") and layer.weights[role] not in plan.constants
    )
    assert trainable == PARAMETERS[name]
    classes = {"imagenet": 1000, "cifar10": 10}.get(entry.class_source(entry.schemes[0]))
    if classes:
        assert shapes[plan.model.output].output == (1, classes, 1, 1)


@pytest.mark.parametrize(
    "name", ["squeezenet1_1", "densenet121", "efficientnet_lite0", "johnson_style", "conditional_style26"]
)
def test_every_scheme_finds_its_own_tensors(name: str) -> None:
    """A file in a publisher's names and axes becomes the model it was made from."""
    entry = catalogue.load(name)
    for scheme in entry.schemes:
        plan = entry.plan(scheme, {})
        model = random_model(entry, 1)
        needed = {layer.weights[role]: (layer.op, role) for layer in plan.model.layers for role in layer.weights}
        published = {
            plan.published[own]: _as_published(model.tensors[own], scheme.transpose.get(".".join(needed[own])))
            for own in plan.published
        }
        back, found = entry.assemble({f"module.{key}": value for key, value in published.items()})
        assert found == scheme
        check_model(back)
        for own in plan.published:
            np.testing.assert_array_equal(back.tensors[own], model.tensors[own])


def _as_published(values: np.ndarray, axes: Any) -> np.ndarray:
    return values if axes is None else values.transpose(np.argsort(axes))


def test_known_names() -> None:
    layers = {name: [layer.name for layer in catalogue.load(name).graph().layers] for name in PARAMETERS}
    assert {"conv1_1", "relu1_1", "pool1", "conv5_4", "fc6", "relu7", "fc8"} <= set(layers["vgg19"])
    assert {"conv1/7x7_s2", "inception_4c/output", "loss3/classifier"} <= set(layers["bvlc_googlenet"])
    assert {"layer4.2.conv3", "layer1.0.downsample.0", "fc"} <= set(layers["resnet50"])


def test_vgg_sources_are_torchvisions() -> None:
    entry = catalogue.load("vgg16_bn")
    published = entry.plan(entry.scheme("torchvision"), {}).published
    assert published["conv5_3.weight"] == "features.40.weight"
    assert published["bn5_3.running_var"] == "features.41.running_var"
    assert published["fc8.bias"] == "classifier.6.bias"


def test_errors() -> None:
    with pytest.raises(UserError, match="no architecture 'resnet19'; near it are resnet18"):
        catalogue.load("resnet19")
    entry = catalogue.load("alexnet")
    with pytest.raises(UserError, match="the file is not alexnet: 16 tensors"):
        entry.assemble({"x": np.zeros(3)})
    with pytest.raises(UserError, match="has no weights 'caffe'; it has torchvision"):
        entry.assemble({}, "caffe")
    with pytest.raises(UserError, match="has no parameter 'depth'"):
        entry.plan(entry.schemes[0], {"depth": 3})
    published = {own: np.zeros(1) for own in entry.plan(entry.schemes[0], {}).published.values()}
    with pytest.raises(UserError, match=r"'features.0.weight' has the shape \[1\], expected \[64, 3, 11, 11\]"):
        entry.assemble(published)


def test_expressions() -> None:
    names = {"i": 2, "rows": [[1, 2], [3, 4]], "wide": False}
    assert substitute("{rows[1][0] + i}", names) == 5
    assert substitute({"a": ["layer{i - 1}.{i}", "{64 if wide else 32}"]}, names) == {"a": ["layer1.2", 32]}
    assert evaluate("i == 2 and i > 1", names) is True
    for evil in ("__import__('os')", "i.__class__", "(lambda: 1)()", "[x for x in rows]", "i ** 9"):
        with pytest.raises(UserError, match="more than the catalogue's expressions"):
            evaluate(evil, names)
    with pytest.raises(UserError, match="'j' has no value"):
        evaluate("j", names)


def test_no_family_repeats_another(repository: Path) -> None:
    """A model family is one JSON file: no file of the tools names an architecture."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (repository / "tools" / "convlens").rglob("*.py"))
    for name in set(PARAMETERS) - {"alexnet", "googlenet"}:
        assert f'"{name}"' not in code


def test_the_example_in_the_documentation(repository: Path) -> None:
    text = (repository / "docs" / "models.md").read_text(encoding="utf-8")
    family = json.loads(text.split("```json\n")[1].split("```")[0])
    model = catalogue.Entry("tiny10", family, family["models"]["tiny10"]).graph()
    assert [layer.name for layer in model.layers] == [
        "stem", "stage1.conv", "stage1.relu", "stage1.add", "stage2.conv", "stage2.relu", "pool", "fc",
    ]  # fmt: skip
    assert model.layers[3].inputs == ["stem", "stage1.relu"]
    assert infer_shapes(model)["fc"].output == (1, 10, 1, 1)
    entry = catalogue.Entry("tiny10", family, family["models"]["tiny10"])
    assert entry.plan(entry.schemes[0], {}).published["stage1.conv.weight"] == "stage1.conv/w"
    for name in PARAMETERS:
        prefix = name[:-2] if name[-2:].isdigit() else name.removesuffix("_bn").rstrip("0123456789")
        assert prefix in text
