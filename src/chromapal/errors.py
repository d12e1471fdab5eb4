"""The one error that a user's mistake becomes: a single clear line."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    where : object
        The file, worm or config key at fault.
    found : str
        What was found there.
    expected : str
        What was expected instead.
    advice : str, optional
        How to go on.
    """

    def __init__(self, where: object, found: str, expected: str, advice: str = ""):
        self.where = str(where)
        self.found = found
        self.expected = expected
        self.advice = advice
        line = f"{where}: found {found}; expected {expected}"
        if advice:
            line += f"; {advice}"
        super().__init__(" ".join(line.split()))
