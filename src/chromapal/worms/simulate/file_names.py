"""Names of the simulated worms and of their files; standard library only, for parse time."""


def laboratory(index: int, laboratories: int) -> str:
    """Name the laboratory of one worm; worms cycle through the laboratories."""
    return f"SIM{index % laboratories + 1}"


def worm_name(index: int) -> str:
    """Name one worm, whatever the number of other worms."""
    return f"worm{index + 1:03d}"


def worm_file(index: int, laboratories: int) -> str:
    """Return the path of one worm's file below the source folder."""
    return f"{laboratory(index, laboratories)}/sub-{worm_name(index)}_ophys.nwb"


def worm_files(worms: int, laboratories: int) -> list[str]:
    """List the paths of all simulated files below the source folder.

    Parameters
    ----------
    worms, laboratories : int
        How many worms, of how many laboratories.

    Returns
    -------
    list of str
        `LABORATORY/sub-WORM_ophys.nwb`, one per worm in order of their index.
    """
    return [worm_file(index, laboratories) for index in range(worms)]
