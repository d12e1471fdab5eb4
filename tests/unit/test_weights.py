"""Starting weights: names as in torchvision, two channels, checked downloads."""

import hashlib
import http.server
import threading

import pytest
import torch
from safetensors.torch import save_file

from chromapal.colorizers.resnet import ResNet
from chromapal.errors import InputError
from chromapal.training.weights import fetch, load_torchvision


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
    assert shapes(ResNet(18, 3)) == SHAPES
    assert list(shapes(ResNet(18, 3))) == list(SHAPES)


@pytest.mark.parametrize("depth", [18, 34])
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


@pytest.fixture
def server(tmp_path):
    """Serve one file and count how often; `/short` promises more than it sends."""
    content = bytes(range(256)) * 10
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path == "/absent.pth":
                self.send_error(404)
                return
            self.send_response(200)
            extra = 5 if self.path == "/short.pth" else 0
            self.send_header("Content-Length", str(len(content) + extra))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", content, asked
        running.shutdown()
        thread.join()


def test_a_file_is_downloaded_once(server, tmp_path):
    address, content, asked = server
    right = hashlib.sha256(content).hexdigest()
    path = fetch(f"{address}/w.pth", right, tmp_path / "cache")
    assert path.read_bytes() == content
    assert path.name.endswith("-w.pth")
    assert fetch(f"{address}/w.pth", right, tmp_path / "cache") == path
    assert asked == ["/w.pth"]
    other = fetch(f"{address}/folder/w.pth", right, tmp_path / "cache")
    assert other != path


@pytest.mark.parametrize(
    ("name", "message"),
    [("w.pth", "sha256"), ("short.pth", "2560 of 2565|failed"), ("absent.pth", "404")],
)
def test_a_bad_download_leaves_nothing(name, message, server, tmp_path):
    address, _, _ = server
    with pytest.raises(InputError, match=message):
        fetch(f"{address}/{name}", "00ff", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_nobody_listening_is_one_line(tmp_path):
    with pytest.raises(InputError, match="failed download"):
        fetch("http://127.0.0.1:9/w.pth", "", tmp_path)
