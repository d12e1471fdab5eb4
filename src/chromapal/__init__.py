"""Give gray *C. elegans* brain images their colour back, and name the neurons.

For notebooks: `load_model` loads a trained model, whose method `name` names the neurons of new
worms; `read` reads their files.
"""

import importlib

# By text, and only where they are used: all code would otherwise depend on what names new worms,
# and importing the package would take seconds.
_PUBLIC = {"load_model": "chromapal.apply.name", "read": "chromapal.apply.read"}
__all__ = ["load_model", "read"]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
