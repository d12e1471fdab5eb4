"""When each job ran, read from the jobs' logs."""

import re
from datetime import datetime
from pathlib import Path

import pandas as pd

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.write import write_table

RAN = re.compile(r"started (?P<started>[^,]+), ended [^,]+, took (?P<seconds>[0-9.]+) s")


def write_timings(logs: str | Path, out: str | Path):
    """List the seconds of every finished job.

    Parameters
    ----------
    logs : path-like
        A study's folder of logs, as `chromapal.console.job` writes them.
    out : path-like
        CSV with columns job (the log's path below the folder), started (seconds after the first
        job of the study) and seconds.
    """
    jobs = []
    for log in sorted(Path(logs).rglob("*.log")):
        last = log.read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]
        if ran := RAN.fullmatch(last):
            started = datetime.fromisoformat(ran["started"]).timestamp()
            job = str(log.relative_to(logs).with_suffix(""))
            jobs.append((job, started, float(ran["seconds"])))
    table = pd.DataFrame(jobs, columns=TABLES["timings"].names)
    table["started"] -= table["started"].min()
    write_table("timings", table.round(2), out, sort_by=["started", "job"])
