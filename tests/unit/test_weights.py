"""Starting weights: names as in torchvision, two channels, checked downloads."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from chromapal.colorizers.lab_resnet18 import Params
from chromapal.colorizers.networks.resnet import ResNet
from chromapal.errors import InputError
from chromapal.training.weights import load_torchvision, start


def norm(name: str, width: int) -> dict[str, tuple]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (width,) for part in parts} | {f"{name}.num_batches_tracked": ()}


# Every entry of torchvision's resnet18 but the classifier, and conv1 with its three channels.
SHAPES: dict[str, tuple] = {
    "conv1.weight": (64, 3, 7, 7),
    **norm("bn1", 64),
    "layer1.0.conv1.weight": (64, 64, 3, 3),
    **norm("layer1.0.bn1", 64),
    "layer1.0.conv2.weight": (64, 64, 3, 3),
    **norm("layer1.0.bn2", 64),
    "layer1.1.conv1.weight": (64, 64, 3, 3),
    **norm("layer1.1.bn1", 64),
    "layer1.1.conv2.weight": (64, 64, 3, 3),
    **norm("layer1.1.bn2", 64),
    "layer2.0.conv1.weight": (128, 64, 3, 3),
    **norm("layer2.0.bn1", 128),
    "layer2.0.conv2.weight": (128, 128, 3, 3),
    **norm("layer2.0.bn2", 128),
    "layer2.0.downsample.0.weight": (128, 64, 1, 1),
    **norm("layer2.0.downsample.1", 128),
    "layer2.1.conv1.weight": (128, 128, 3, 3),
    **norm("layer2.1.bn1", 128),
    "layer2.1.conv2.weight": (128, 128, 3, 3),
    **norm("layer2.1.bn2", 128),
    "layer3.0.conv1.weight": (256, 128, 3, 3),
    **norm("layer3.0.bn1", 256),
    "layer3.0.conv2.weight": (256, 256, 3, 3),
    **norm("layer3.0.bn2", 256),
    "layer3.0.downsample.0.weight": (256, 128, 1, 1),
    **norm("layer3.0.downsample.1", 256),
    "layer3.1.conv1.weight": (256, 256, 3, 3),
    **norm("layer3.1.bn1", 256),
    "layer3.1.conv2.weight": (256, 256, 3, 3),
    **norm("layer3.1.bn2", 256),
    "layer4.0.conv1.weight": (512, 256, 3, 3),
    **norm("layer4.0.bn1", 512),
    "layer4.0.conv2.weight": (512, 512, 3, 3),
    **norm("layer4.0.bn2", 512),
    "layer4.0.downsample.0.weight": (512, 256, 1, 1),
    **norm("layer4.0.downsample.1", 512),
    "layer4.1.conv1.weight": (512, 512, 3, 3),
    **norm("layer4.1.bn1", 512),
    "layer4.1.conv2.weight": (512, 512, 3, 3),
    **norm("layer4.1.bn2", 512),
}


def bottleneck(stage: int, block: int, inputs: int, width: int) -> dict[str, tuple]:
    at = f"layer{stage}.{block}"
    found = {
        f"{at}.conv1.weight": (width, inputs, 1, 1),
        **norm(f"{at}.bn1", width),
        f"{at}.conv2.weight": (width, width, 3, 3),
        **norm(f"{at}.bn2", width),
        f"{at}.conv3.weight": (4 * width, width, 1, 1),
        **norm(f"{at}.bn3", 4 * width),
    }
    if block == 0:
        found[f"{at}.downsample.0.weight"] = (4 * width, inputs, 1, 1)
        found |= norm(f"{at}.downsample.1", 4 * width)
    return found


# The same of resnet50, whose blocks are alike.
SHAPES_50: dict[str, tuple] = {
    "conv1.weight": (64, 3, 7, 7),
    **norm("bn1", 64),
    **{
        name: shape
        for stage, count, width, inputs in (
            (1, 3, 64, 64), (2, 4, 128, 256), (3, 6, 256, 512), (4, 3, 512, 1024)
        )
        for block in range(count)
        for name, shape in bottleneck(stage, block, 4 * width if block else inputs, width).items()
    },
}  # fmt: skip


def shapes(module: torch.nn.Module) -> dict[str, tuple]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    """Stand in for torchvision's file, classifier included."""
    generator = torch.Generator().manual_seed(0)
    state = {
        name: torch.rand(shape, generator=generator) if shape else torch.tensor(7)
        for name, shape in SHAPES.items()
    }
    return state | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}


@pytest.fixture(scope="module")
def file(published, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(published, path)
    return path


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_encoder_has_torchvisions_names_and_shapes():
    for depth, expected in ((18, SHAPES), (50, SHAPES_50)):
        assert shapes(ResNet(depth, 3)) == expected
        assert list(shapes(ResNet(depth, 3))) == list(expected)


def test_resnet50_has_as_many_weights_as_torchvision_says():
    # 25,557,032 in its table of models, of which the classifier has 1000 x 2048 and 1000.
    count = sum(parameter.numel() for parameter in ResNet(50, 3).parameters())
    assert count == 25_557_032 - 2_049_000


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_the_first_stages_are_the_whole_networks(depth):
    whole, first = ResNet(depth, 1).eval(), ResNet(depth, 1, stages=2).eval()
    state = {
        name: value for name, value in whole.state_dict().items() if name in first.state_dict()
    }
    first.load_state_dict(state)
    assert not hasattr(first, "layer3")
    x = torch.rand(1, 1, 37, 41)
    features = first(x)
    assert tuple(len(each[0]) for each in features) == first.channels
    assert len(features) == 3
    for one, two in zip(features, whole(x), strict=False):
        assert torch.equal(one, two)


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_the_encoder_computes_what_torchvisions_does(depth):
    models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    theirs = getattr(models, f"resnet{depth}")(weights=None)
    ours = ResNet(depth, 3)
    del theirs.fc
    assert shapes(ours) == shapes(theirs)
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(2, 3, 64, 64)
    theirs.fc, theirs.avgpool = torch.nn.Identity(), torch.nn.Identity()
    assert torch.equal(ours.eval()(x)[-1].flatten(1), theirs.eval()(x))


def test_the_34_layers_are_where_torchvision_has_them():
    blocks = {name.split(".conv1")[0] for name in shapes(ResNet(34, 2)) if ".conv1." in name}
    expected = {
        f"layer{stage}.{block}"
        for stage, count in enumerate((3, 4, 6, 3), 1)
        for block in range(count)
    }
    assert blocks == expected


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights_load_by_name_without_the_classifier(suffix, published, file, tmp_path):
    path = file
    if suffix == "safetensors":
        path = tmp_path / "resnet18.safetensors"
        save_file(published, path)
    encoder = ResNet(18, 2)
    load_torchvision(encoder, str(path), sha256(path), tmp_path / "cache")
    for name, value in encoder.state_dict().items():
        if name != "conv1.weight" and not name.endswith("num_batches_tracked"):
            assert torch.equal(value, published[name]), name
    assert not (tmp_path / "cache").exists()


def test_gray_in_both_channels_answers_as_a_gray_photograph(published, file, tmp_path):
    encoder, photograph = ResNet(18, 2), ResNet(18, 3)
    load_torchvision(encoder, str(file), "", tmp_path)
    load_torchvision(photograph, str(file), "", tmp_path)
    # in double precision: sums over two and over three channels round differently
    gray = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    two, three = gray.expand(-1, 2, -1, -1), gray.expand(-1, 3, -1, -1)
    found, expected = encoder.double().conv1(two), photograph.double().conv1(three)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-5)
    first = published["conv1.weight"][5, :, 2, 3].sum() / 2
    torch.testing.assert_close(encoder.conv1.weight[5, :, 2, 3], first.double().expand(2))


def test_a_photographs_three_channels_are_left_as_they_are(published, file, tmp_path):
    encoder = ResNet(18, 3)
    load_torchvision(encoder, str(file), "", tmp_path)
    assert torch.equal(encoder.conv1.weight, published["conv1.weight"])


def test_the_first_stages_load_from_the_whole_file(published, file, tmp_path):
    encoder = ResNet(18, 1, stages=2)
    load_torchvision(encoder, str(file), "", tmp_path)
    assert torch.equal(encoder.layer2[1].bn2.weight, published["layer2.1.bn2.weight"])
    with pytest.raises(InputError, match="do not match"):
        load_torchvision(ResNet(34, 1, stages=2), str(file), "", tmp_path)


@pytest.mark.parametrize("none", ["", "none"])
def test_a_method_may_start_from_no_weights(none, file, tmp_path):
    encoder = ResNet(18, 1, stages=2)
    before = encoder.conv1.weight.clone()
    start(encoder, Params(weights=none))
    assert torch.equal(encoder.conv1.weight, before)
    start(encoder, Params(weights=str(file), cache=str(tmp_path)))
    assert not torch.equal(encoder.conv1.weight, before)


def test_files_that_count_no_batches_load(published, tmp_path):
    old = {name: value for name, value in published.items() if "num_batches" not in name}
    torch.save(old, tmp_path / "old.pth")
    encoder = ResNet(18, 2)
    load_torchvision(encoder, str(tmp_path / "old.pth"), "", tmp_path)
    assert torch.equal(encoder.bn1.weight, published["bn1.weight"])


def test_what_cannot_be_used_is_one_line(published, file, tmp_path):
    encoder = ResNet(18, 2)
    with pytest.raises(InputError, match="no file"):
        load_torchvision(encoder, str(tmp_path / "absent.pth"), "", tmp_path)
    with pytest.raises(InputError, match=f"sha256 {sha256(file)}; expected sha256 00ff"):
        load_torchvision(encoder, str(file), "00ff", tmp_path)
    with pytest.raises(InputError, match="do not match"):
        load_torchvision(ResNet(34, 2), str(file), "", tmp_path)
    (tmp_path / "text.pth").write_text("<html>not found</html>")
    (tmp_path / "text.safetensors").write_text("<html>not found</html>")
    for name in ("text.pth", "text.safetensors"):
        with pytest.raises(InputError, match="no readable weights"):
            load_torchvision(encoder, str(tmp_path / name), "", tmp_path)
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(InputError, match="no table of parameters"):
        load_torchvision(encoder, str(tmp_path / "list.pth"), "", tmp_path)


class Evil:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return print, ("unpickled",)


def test_a_file_that_runs_code_is_refused(tmp_path, capsys):
    torch.save({"conv1.weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(InputError, match="no readable weights"):
        load_torchvision(ResNet(18, 2), str(tmp_path / "evil.pth"), "", tmp_path)
    assert "unpickled" not in capsys.readouterr().out
