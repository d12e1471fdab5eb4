"""The one script of all rules: it calls the function that a rule names, arguments bound by name."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass

from chromapal.console import job


def bind(
    function: Callable, inputs: dict, params: dict, outputs: dict, offered: dict
) -> inspect.BoundArguments:
    """Bind what a rule names to a function's arguments.

    Inputs and params go by their names, a single output as `out`, several as `out_NAME`; every one
    of them has to be taken. What is `offered` (wildcards, the code's digest) may be. Settings that
    a function takes as a dataclass are given as a dict.

    Raises
    ------
    TypeError
        A name in two places, one that the function does not take, or an argument that is missing.
    """
    arguments = inspect.signature(function).parameters
    several = len(outputs) > 1
    outs = {f"out_{name}" if several else "out": file for name, file in outputs.items()}
    taken = {name: value for name, value in offered.items() if name in arguments}
    bound = inspect.signature(function).bind(**inputs, **params, **outs, **taken)
    for name, value in bound.arguments.items():
        if is_dataclass(settings := arguments[name].annotation):
            bound.arguments[name] = settings(**value)
    return bound


def main(snakemake):
    """Call the function of a job, which its log tells of."""
    files = [
        {name: list(file) if isinstance(file, list) else file for name, file in part.items()}
        for part in (snakemake.input, snakemake.output)
    ]
    params = dict(snakemake.params.items())
    module, name = params.pop("call").split(":")
    offered = {**dict(snakemake.wildcards.items()), "code": params.pop("code", "")}
    with job(snakemake.log[0], offered["code"]):
        function = getattr(importlib.import_module(f"chromapal.{module}"), name)
        bound = bind(function, files[0], params, files[1], offered)
        function(*bound.args, **bound.kwargs)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
