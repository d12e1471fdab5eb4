"""Add NWB's typed objects to a file without touching what it holds.

pynwb's append mode writes the attributes of every group it has read once more, in its own types:
text of fixed length, as MATLAB writes it, comes out as text of variable length. h5py writes only
what it is told to.
"""

import uuid
from collections.abc import Mapping

import h5py
import numpy as np

NAMESPACES = {
    "ProcessingModule": "core",
    "DynamicTable": "hdmf-common",
    "DynamicTableRegion": "hdmf-common",
    "ElementIdentifiers": "hdmf-common",
    "VectorData": "hdmf-common",
    "MultiChannelVolume": "ndx-multichannel-volume",
}
TEXT = h5py.string_dtype()


class Objects:
    """Typed groups and datasets, each with an identifier that depends on its place and a seed.

    Parameters
    ----------
    seed : str
        Other seeds give other identifiers; equal ones the same bytes.
    """

    def __init__(self, seed: str):
        self.seed = seed

    def group(self, parent: h5py.Group, name: str, kind: str, description="") -> h5py.Group:
        """Make a group of one of `NAMESPACES`' kinds; its description is an attribute if given."""
        made = parent.create_group(name)
        self._describe(made, kind, description)
        return made

    def dataset(
        self, parent: h5py.Group, name: str, data: object, kind: str, description=""
    ) -> h5py.Dataset:
        """Make a dataset of one of `NAMESPACES`' kinds; text becomes UTF-8 of any length."""
        data = np.asarray(data)
        dtype = data.dtype if data.dtype.kind in "iuf" else TEXT
        made = parent.create_dataset(name, data=data.astype(dtype), dtype=dtype)
        self._describe(made, kind, description)
        return made

    def table(
        self,
        parent: h5py.Group,
        name: str,
        description: str,
        columns: Mapping[str, tuple[str, np.ndarray]],
        about: tuple[str, str, h5py.Group] | None = None,
    ) -> h5py.Group:
        """Make a `DynamicTable`, its rows numbered from 0.

        Parameters
        ----------
        parent : h5py.Group
            Where it belongs.
        name, description : str
            Of the table.
        columns : mapping of str to (str, numpy.ndarray)
            Description and values of each column, all of one length.
        about : tuple of str, str, h5py.Group, optional
            Name and description of a first column whose row i points at row i of another table of
            that length, and that table.
        """
        made = self.group(parent, name, "DynamicTable", description)
        rows = np.arange(len(next(iter(columns.values()))[1]), dtype=np.int64)
        self.dataset(made, "id", rows, "ElementIdentifiers")
        names = list(columns)
        if about is not None:
            column, told, other = about
            region = self.dataset(made, column, rows, "DynamicTableRegion", told)
            region.attrs["table"] = other.ref
            names.insert(0, column)
        for column, (told, values) in columns.items():
            self.dataset(made, column, values, "VectorData", told)
        made.attrs.create("colnames", names, dtype=TEXT)
        return made

    def _describe(self, made: h5py.Group | h5py.Dataset, kind: str, description: str):
        identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}{made.name}")
        if description:
            made.attrs["description"] = description
        made.attrs["namespace"] = NAMESPACES[kind]
        made.attrs["neurodata_type"] = kind
        made.attrs["object_id"] = str(identifier)
