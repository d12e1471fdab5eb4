"""What the server that forks workers imports: all that reading needs, used once.

pandas and pandera load most of themselves when the first table is checked.
"""

from chromapal.worms import table
from chromapal.worms.nwb import contents, masks, reader, traces, worker

__all__ = ["contents", "masks", "reader", "traces", "worker"]

table.validate(table.empty(), "nothing")
