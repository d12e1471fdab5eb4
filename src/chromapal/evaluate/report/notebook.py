"""The report: a notebook over finished tables and figures, run and turned into one HTML file."""

import html
import os
import sys
from pathlib import Path

import papermill
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbconvert import HTMLExporter

from chromapal.files import whole
from chromapal.provenance import PACKAGE, ROOT

# Nothing may be fetched and no script may run, whatever the tables contain.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
body { font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #222;
  max-width: 68rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.9rem; margin-bottom: .2rem; }
h2 { margin-top: 2.6rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
h3 { margin-top: 1.8rem; }
table { border-collapse: collapse; margin: .8rem 0; font-size: .86rem; display: block;
  overflow-x: auto; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #e4e4e4; text-align: left;
  vertical-align: top; max-width: 26rem; overflow-wrap: break-word; }
th { background: #f4f4f6; vertical-align: bottom; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
figure { margin: 1.2rem 0; }
figure img { max-width: 100%; border: 1px solid #eee; }
figcaption, .note { color: #555; font-size: .9rem; }
.headline { background: #f2f6fb; border-left: 4px solid #2a6fb0; padding: .6rem 1.2rem; }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: .8rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1.2rem; }
.anchor-link { display: none; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


class ThisPython(AsyncKernelManager):
    """A kernel in the running Python's own environment, whatever kernels a user has installed."""

    def __init__(self, **options):
        # without folders to search, `python3` is ipykernel's own description of this Python
        super().__init__(
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            # else the kernel warns that other users of the machine could listen
            transport_encryption="auto",
            **options,
        )


def render(
    notebook: str | os.PathLike,
    parameters: dict,
    out_notebook: str | os.PathLike,
    out_page: str | os.PathLike,
):
    """Run the report's notebook and write it as one self-contained page.

    Snakemake's own ``notebook:`` directive is not used: called as a function, the notebook runs
    in the same Python as all other jobs, logs as they do, and counts in the rule's code digest.

    Parameters
    ----------
    notebook : path-like
        The notebook, below the project's folder; its cell tagged ``parameters`` names what it
        needs.
    parameters : dict
        Values for that cell. `source`, the folder that holds this package, and `captions`, the
        folder of captions, are added.
    out_notebook, out_page : path-like
        The notebook as run, and the page: images embedded, code hidden, no script.
    """
    added = {"source": str(PACKAGE.parent), "captions": str(ROOT / "workflow/report")}
    with whole(out_notebook) as executed:
        run = papermill.execute_notebook(
            str(ROOT / notebook),
            str(executed),
            parameters={**parameters, **added},
            kernel_name="python3",
            kernel_manager_class=ThisPython,
            # no shared history file, which a second run at the same time would lock
            extra_arguments=["--HistoryManager.enabled=False"],
            progress_bar=False,
            log_output=False,
            cwd=os.getcwd(),
        )
    with whole(out_page) as page:
        page.write_text(_page(run, f"chromapal: {parameters['study']}"), encoding="utf-8")


def _page(notebook, title: str) -> str:
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
        extra_template_basedirs=[str(Path(sys.prefix) / "share/jupyter/nbconvert/templates")],
    )
    # warnings of libraries are no part of the report; the notebook as run keeps them
    for cell in notebook.cells:
        cell.outputs = [
            output for output in cell.get("outputs", []) if output.output_type != "stream"
        ]
    body, _ = exporter.from_notebook_node(notebook)
    return PAGE.format(policy=POLICY, title=html.escape(title), style=STYLE, body=body)
