"""Find the project's files: in the folder of the rules, or unpacked from a git host."""

import os
import tarfile
import tempfile
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.sourcecache import HostingProviderFile, LocalSourceFile

# What jobs need in addition to the scripts, which Snakemake fetches itself.
NEEDED = ("src", "workflow", "pyproject.toml", "requirements.lock")


def project_folder(rules):
    """Return the project's folder; used as a module of github() or gitlab() it has to be unpacked."""
    if isinstance(rules, LocalSourceFile):
        return Path(rules.get_path_or_uri(secret_free=True)).parents[1]
    if isinstance(rules, HostingProviderFile):
        return unpacked(rules.hosted_repo.repo, rules.ref)
    raise WorkflowError(
        f"module: found the workflow at {rules}; expected github(...), gitlab(...) or a folder"
    )


def unpacked(repository, ref):
    """Unpack one commit of Snakemake's own clone below the working directory, once."""
    commit = repository.commit(ref).hexsha
    folder = Path(".snakemake/chromapal").resolve() / commit
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as part, tempfile.TemporaryFile() as packed:
        repository.archive(packed, commit, path=NEEDED)
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(f"{part}/{commit}", filter="data")
        try:
            os.rename(f"{part}/{commit}", folder)
        except OSError:
            # another process was first
            if not folder.is_dir():
                raise
    return folder


ROOT = project_folder(workflow.current_basedir)
