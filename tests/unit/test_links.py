"""What README and docs say leads somewhere: links, anchors, commands, paths; and the site."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from markdown.extensions.toc import slugify

from chromapal.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
GUIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
PAGES = [*GUIDE, ROOT / "CHANGELOG.md", ROOT / "config/README.md", ROOT / "results/README.md"]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\]\(([^)\s]*)\)|<(https?://[^>\s]*)>")
# repository files that text names in `code`
PATH = re.compile(
    r"`((?:config|docs|envs|profiles|src|tests|workflow|results/reference)/[\w./-]*)`"
)


def prose(path: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    return [first or second for first, second in LINK.findall(CODE.sub("", prose(path)))]


def anchors(path: Path) -> set[str]:
    """Return a page's anchors, where GitHub and MkDocs agree on them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE):
        text = heading.replace("`", "")
        github = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        found |= {github} & {slugify(text, "-")}
    return found


def wrong(path: Path, link: str) -> str:
    """Say what is wrong with a link of a page, "" for nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        formed = parts.scheme == "https" and re.fullmatch(r"([\w-]+\.)+[a-z]{2,}", parts.netloc)
        return "" if formed and link[-1] not in ".,;:" else "no https address"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return "no such file"
    if parts.fragment and parts.fragment not in anchors(target):
        return "no such anchor"
    return ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    assert not [(link, fault) for link in links(path) if (fault := wrong(path, link))]


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("docs/results.md", ""),
        ("docs/results.md#predicting-colour", ""),
        ("#two-commands", ""),
        ("https://snakedeploy.readthedocs.io", ""),
        ("docs/result.md", "no such file"),
        ("../secret.md", "no such file"),
        ("docs/results.md#predicting-color", "no such anchor"),
        ("#three-commands", "no such anchor"),
        ("http://snakedeploy.readthedocs.io", "no https address"),
        ("https://localhost/x", "no https address"),
        ("https://example.org/x.", "no https address"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link, fault):
    assert wrong(ROOT / "README.md", link) == fault


def test_links_are_found_in_text_and_not_in_code(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](b.md) ![c](d.png)\n\n```\n[e](f)\n```\n`[g](h)` <https://i.org>\n")
    assert links(page) == ["b.md", "d.png", "https://i.org"]


def targets() -> set[str]:
    [names] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(names.split())


def dry(folder, *words) -> str:
    """Return what `make -n` prints for a target, in a folder with an installation."""
    (folder / ".venv").mkdir()
    (folder / ".venv/.installed").touch()
    (folder / "requirements.lock").touch()
    os.utime(folder / "requirements.lock", (0, 0))
    shutil.copy(ROOT / "Makefile", folder)
    # where `make` runs these tests, it must not tell the inner one of itself
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    made = subprocess.run(
        ["make", "-n", *words], cwd=folder, capture_output=True, text=True, env=env
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.mark.parametrize(
    "path", ["My Drive/worms", 'it\'s "mine"', "a & b; c", "~/worms", "$$HOME"]
)
@pytest.mark.parametrize(
    ("target", "variable", "word"),
    [
        ("apply", "WORMS", "worms="),
        ("apply", "MODEL", "model="),
        ("apply", "NWB", "nwb="),
        ("identity", "TABLES", "tables="),
        ("identity-labs", "PEERS", "peers="),
        ("study", "CONFIG", ""),
    ],
)
def test_a_variable_may_have_spaces_and_quotes(tmp_path, target, variable, word, path):
    command = dry(tmp_path, target, f"{variable}={path}").replace("\\\n", " ").splitlines()[-1]
    assert f"{word}{path.replace('$$', '$')}" in shlex.split(command)


def test_make_help_lists_every_target():
    # every name before a colon, but files, special targets and variables
    text = (ROOT / "Makefile").read_text()
    heads = re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", text, re.MULTILINE)
    assert {name for head in heads for name in head.split()} == targets()
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\S+)  +\S", listed.stdout, re.MULTILINE)) == targets()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_pages_name_exist(path):
    text = path.read_text(encoding="utf-8")
    code = [*FENCED.findall(text), *CODE.findall(FENCED.sub("", text))]
    named = {
        name
        for part in code
        for name in re.findall(r"^`?make\s+([a-z][a-z-]*)", part, re.MULTILINE)
    }
    assert named <= targets()


@pytest.mark.parametrize("path", [ROOT / "README.md", *DOCS], ids=lambda path: path.name)
def test_files_that_pages_name_exist(path):
    assert not [name for name in PATH.findall(prose(path)) if not (ROOT / name).exists()]


def test_the_readme_is_short_and_repeats_nothing():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    long = {line for line in prose(ROOT / "README.md").splitlines() if len(line) >= 60}
    elsewhere = {line for path in GUIDE[1:] for line in prose(path).splitlines()}
    assert len(long) > 20 and not long & elsewhere


def snippets() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)


def module(name: str, text: str) -> types.ModuleType:
    """Run a snippet as the module of that name, which a dataclass looks up."""
    made = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, f"{name}.py", "exec"), vars(made))
    return made


def test_the_colorizer_that_contributors_start_from_works(tmp_path):
    colorizer = module("median_colour", snippets()[0])
    train = SimpleNamespace(target=np.array([[0, 0.5, 1], [0.1, 0.5, 0], [0.2, 0, 0]], np.float32))
    model = colorizer.build(colorizer.Params())
    assert model.fit(train, train, seed=0).empty
    model.save(tmp_path / "model")
    again = colorizer.build(colorizer.Params()).load(tmp_path / "model")
    expected = np.tile(np.float32([0.1, 0.5, 0]), (2, 1))
    np.testing.assert_array_equal(again.predict(SimpleNamespace(gray=[0, 1])), expected)


def test_the_classifier_that_contributors_start_from_works():
    classifier = module("extra_trees", snippets()[1])
    estimator = classifier.build(classifier.Params(trees=5), seed=0)
    assert estimator.fit([[0.0], [1.0]], ["AVAL", "AVAR"]).predict([[0.9]]) == ["AVAR"]


def test_the_source_that_contributors_start_from_works(tmp_path):
    source = module("semicolons", snippets()[2]).SOURCE
    path = tmp_path / "worm.txt"
    path.write_text("")
    with pytest.raises(InputError, match="no such table"):
        source.read(path, "EY", {})
    head = "worm;x;y;z;xr;yr;zr;weight;R;G;B;W;ID\n"
    path.write_text(head + "".join(f"a;{k};0;0;{k};0;0;1;5;6;7;9;AVAL\n" for k in range(3)))
    neurons, skipped = source.read(path, "EY", {})
    assert (len(neurons), skipped) == (3, [])


class Page(HTMLParser):
    """Collects what a built page loads, where it links to, and its anchors."""

    def __init__(self, path: Path):
        super().__init__()
        self.loaded, self.linked, self.anchors = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.linked.append(found["href"])
        elif address := found.get("src") or found.get("href"):
            self.loaded.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as `make docs` does; its config is strict."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}


def test_the_site_has_every_page_and_needs_no_network(site):
    pages = {name: Page(path) for name, path in site.items() if name.endswith(".html")}
    assert {f"{path.stem}.html" for path in DOCS} | {"config.html", "contributing.html"} <= set(
        pages
    )
    # the page for what is not found has addresses from the root of a server
    for name, page in pages.items():
        for address in page.loaded:
            assert address.removeprefix("/" if name == "404.html" else "") in site, (name, address)
    for name, path in site.items():
        if name.endswith(".css"):
            assert not re.search(r"(@import|url\()\W*(https?:)?//", path.read_text()), name


def test_links_between_pages_of_the_site_lead_somewhere(site):
    pages = {name: Page(path) for name, path in site.items() if name.endswith(".html")}
    del pages["404.html"]
    followed = 0
    for name, page in pages.items():
        for link in page.linked:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = parts.path or name
            assert target in site, f"{name} links to {link}"
            anchor = unquote(parts.fragment)
            assert not anchor or anchor in pages[target].anchors, f"{name} links to {link}"
            followed += 1
    assert followed > 100


GRAPHS = {
    "rules.svg": (),
    "rules-naming.svg": (
        "--configfile", "config/identity.yaml", "--config", "source=simulate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graph_of_rules_is_that_of_today(name):
    drawn = (ROOT / "docs/images" / name).read_text(encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", *GRAPHS[name], "--rulegraph", "dot"]
    today = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    labels = dict(re.findall(r'(\d+)\[label = "(\w+)"', today))
    arrows = {(labels[a], labels[b]) for a, b in re.findall(r"(\d+) -> (\d+)", today)}
    shown = dict(re.findall(r"<title>(\d+)</title>.*?<text[^>]*>(\w+)</text>", drawn, re.DOTALL))
    found = re.findall(r"<title>(\d+)&#45;&gt;(\d+)</title>", drawn)
    assert len(arrows) > 30
    assert {(shown[a], shown[b]) for a, b in found} == arrows, "draw it again: make rulegraph"


def test_no_page_has_a_placeholder():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = {
        page.name: re.findall(r"^[A-Z]+_?[A-Z]{4,}$", page.read_text(), re.M) for page in pages
    }
    assert not {name: words for name, words in found.items() if words}
