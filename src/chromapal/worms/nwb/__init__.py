"""Read NeuroPAL volumes from NWB files, and write them."""
