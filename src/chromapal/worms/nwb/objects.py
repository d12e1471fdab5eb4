"""Add NWB's typed objects to a file without touching what it holds.

pynwb's append mode writes the attributes of every group it has read once more, in its own types:
text of fixed length, as MATLAB writes it, comes out as text of variable length. h5py writes only
what it is asked to.
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
    """Typed groups and datasets, each with an identifier that depends on its path and a seed.

    Parameters
    ----------
    seed : str
        Other seeds give other identifiers; equal ones the same bytes.
    """

    def __init__(self, seed: str):
        self.seed = seed

    def group(self, parent: h5py.Group, name: str, kind: str, description="") -> h5py.Group:
        """Create a group of one of `NAMESPACES`' kinds, with a description if given."""
        created = parent.create_group(name)
        self._describe(created, kind, description)
        return created

    def dataset(
        self, parent: h5py.Group, name: str, data: object, kind: str, description=""
    ) -> h5py.Dataset:
        """Create a dataset of one of `NAMESPACES`' kinds; text becomes UTF-8 of any length."""
        data = np.asarray(data)
        dtype = data.dtype if data.dtype.kind in "iuf" else TEXT
        created = parent.create_dataset(name, data=data.astype(dtype), dtype=dtype)
        self._describe(created, kind, description)
        return created

    def table(
        self,
        parent: h5py.Group,
        name: str,
        description: str,
        columns: Mapping[str, tuple[str, np.ndarray]],
        target: tuple[str, str, h5py.Group] | None = None,
    ) -> h5py.Group:
        """Create a `DynamicTable`, its rows numbered from 0.

        Parameters
        ----------
        parent : h5py.Group
            Where it belongs.
        name, description : str
            Of the table.
        columns : mapping of str to (str, numpy.ndarray)
            Description and values of each column, all of one length.
        target : tuple of str, str, h5py.Group, optional
            Name and description of a first column whose row i points at row i of another table of
            that length, and that table.
        """
        created = self.group(parent, name, "DynamicTable", description)
        rows = np.arange(len(next(iter(columns.values()))[1]), dtype=np.int64)
        self.dataset(created, "id", rows, "ElementIdentifiers")
        names = list(columns)
        if target is not None:
            column, column_text, other = target
            region = self.dataset(created, column, rows, "DynamicTableRegion", column_text)
            region.attrs["table"] = other.ref
            names.insert(0, column)
        for column, (text, values) in columns.items():
            self.dataset(created, column, values, "VectorData", text)
        created.attrs.create("colnames", names, dtype=TEXT)
        return created

    def _describe(self, created: h5py.Group | h5py.Dataset, kind: str, description: str):
        identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}{created.name}")
        if description:
            created.attrs["description"] = description
        created.attrs["namespace"] = NAMESPACES[kind]
        created.attrs["neurodata_type"] = kind
        created.attrs["object_id"] = str(identifier)
