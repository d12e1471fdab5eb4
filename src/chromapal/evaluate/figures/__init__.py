"""The figures of a study, one file each."""

import os

# Matplotlib starts without the user's backend and file of settings: one that is not installed, or
# that cannot be decoded, stops its import. `style` starts from its defaults in any case.
_OWN = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
_USERS = {name: os.environ.get(name) for name in _OWN}
os.environ.update(_OWN)
try:
    import matplotlib as matplotlib
finally:
    for _name, _value in _USERS.items():
        if _value is None:
            del os.environ[_name]
        else:
            os.environ[_name] = _value
