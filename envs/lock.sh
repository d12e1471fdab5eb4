#!/usr/bin/env bash
# pyproject.toml -> requirements.lock -> envs/chromapal.yaml, envs/Dockerfile
#
# torch is pinned without a local version (2.13.0, not 2.13.0+cpu) and without the CUDA packages,
# which torch itself pins exactly: one lock then takes a CPU build where the index offers one by
# find-links, and the CUDA build on a Linux machine elsewhere.
#
# One lock for every Python that pyproject.toml names: made by the lowest of them, which needs a few
# packages more than later ones (a test holds that those need nothing else).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
  { echo "make the lock with Python 3.11; found $("$python" --version)" >&2; exit 1; }
{
  echo "# Exact pins, generated from pyproject.toml by \`make lock\`."
  "$python" -m piptools compile --quiet --strip-extras --extra dev --extra slurm --no-header \
    --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
    --allow-unsafe --output-file - pyproject.toml 2>/dev/null |
    sed -E 's/^(torch==[0-9.]+)\+.*/\1/' | grep -vE '^(nvidia-|cuda-|triton==|--)' | grep -v '^$'
} > requirements.lock.part
mv requirements.lock.part requirements.lock
"$python" envs/pins.py environment > envs/chromapal.yaml.part
mv envs/chromapal.yaml.part envs/chromapal.yaml
"$python" envs/pins.py image > envs/Dockerfile.part
mv envs/Dockerfile.part envs/Dockerfile
