"""What all tests share: the order in which they start, and how random examples are drawn."""

from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent
# Files that take a minute or more of a core, the longest first: started last they would run on
# alone while the other cores have nothing left to do. What needs the one tiny study stands apart,
# so that no two wait for it at the same time.
LONGEST = (
    "workflow/test_slurm.py",
    "workflow/test_conda.py",
    "workflow/test_resume.py",
    "workflow/test_naming_study.py",
    "workflow/test_image_study.py",
    "workflow/test_mistakes.py",
    "workflow/test_apply.py",
    "workflow/test_study.py",
    "workflow/test_full_disk.py",
    "workflow/test_deployment.py",
    "workflow/test_dandi_study.py",
    "workflow/test_photographs.py",
    "contract",
    "workflow",
    "unit/test_colorizers_run.py",
    "unit/test_aligned_colour.py",
    "unit/test_alignment.py",
    "unit/test_leaks.py",
    "unit/test_dandi_stream.py",
    "unit",
)

# How long an example takes depends on the machine and on what else it does.
hypothesis.settings.register_profile("chromapal", deadline=None)
hypothesis.settings.load_profile("chromapal")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Start the longest files first."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(ROOT)
    names = {str(path), path.parts[0]}
    return next((rank for rank, name in enumerate(LONGEST) if name in names), len(LONGEST))


@pytest.fixture
def in_this_process(monkeypatch):
    """Read NWB files here and not in the worker, which knows nothing of what a test replaces."""
    from chromapal.worms.nwb import worker

    monkeypatch.setattr(worker, "run", lambda function, path, *args: function(path, *args))


@pytest.fixture
def uncut(monkeypatch):
    """Let lines be as long as they are: the folder of a test may have a long path."""
    monkeypatch.setattr("chromapal.errors.LONGEST", 10_000)
