"""Right-handed or mirrored: a microscope's habit, learnt from training worms or from evidence."""

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from chromapal.worms.table import WORM

DAYS = 21.0  # over which what one session says about another fades to a third
FLOOR = 0.1  # what sessions of a laboratory say about each other however far apart
PSEUDO_COUNTS = 0.25  # of either handedness, before any worm was seen
DOUBTFUL = 0.9
CERTAIN = 1e3  # log odds of what is beyond doubt
STATED, LABORATORY, EVIDENCE, LABELS = "stated", "laboratory", "evidence", "labels"


def closeness(sessions: list[str], others: list[str]) -> np.ndarray:
    """Say how much sessions of one laboratory tell about each other.

    Parameters
    ----------
    sessions, others : list of str
        ISO days, "" where unknown.

    Returns
    -------
    numpy.ndarray, shape (len(sessions), len(others))
        1 on the same day, falling to `FLOOR`; halfway where a day is unknown.
    """
    first, second = (np.array([_day(text) for text in part]) for part in (sessions, others))
    apart = np.abs(first[:, None] - second[None, :])
    near = FLOOR + (1 - FLOOR) * np.exp(-np.nan_to_num(apart) / DAYS)
    return np.where(np.isnan(apart), (1 + FLOOR) / 2, near)


def _day(text: str) -> float:
    try:
        return float(datetime.date.fromisoformat(text).toordinal())
    except ValueError:
        return np.nan


@dataclass(frozen=True)
class Handedness:
    """What training worms say about handedness.

    Attributes
    ----------
    known : pandas.DataFrame
        lab, worm, session, mirror (1 or -1) of training worms whose labels decide.
    slope : float
        What one unit of evidence is worth as log odds; see `calibrate`.
    """

    known: pd.DataFrame
    slope: float

    def without_laboratories(self) -> "Handedness":
        """Return what is known of laboratories that were never seen: what evidence is worth."""
        return Handedness(self.known[:0], self.slope)

    def decide(
        self,
        worms: pd.DataFrame,
        evidence: np.ndarray,
    ) -> pd.DataFrame:
        """Decide the handedness of new worms of one or many laboratories.

        The log odds of a worm are those of its laboratory's training worms, counted by
        closeness of their sessions, plus its own evidence and, weighted the same way, that of
        the other new worms of the laboratory: handedness belongs to the microscope. A worm's
        answer therefore depends on which worms of its laboratory are decided together with it.

        Parameters
        ----------
        worms : pandas.DataFrame
            lab, worm, session, and handedness as the study states it: 1, -1, or 0 for nothing.
        evidence : numpy.ndarray, shape (worms,)
            Log likelihood of each worm as right-handed minus as mirrored.

        Returns
        -------
        pandas.DataFrame
            lab, worm, session, chosen (1, -1), source (what decided: "stated"; "laboratory" where
            its log odds agree with the choice and are no smaller than those of evidence;
            "evidence" otherwise), probability (of the chosen one), doubtful, laboratory_log_odds,
            evidence_log_odds.

        Raises
        ------
        ValueError
            The handedness of a worm to be decided is among what is known.
        """
        leak = pd.MultiIndex.from_frame(worms[WORM]).intersection(
            pd.MultiIndex.from_frame(self.known[WORM])
        )
        if len(leak):
            raise ValueError(f"handedness leak: {leak[0]} is to be decided and already known")
        pooled = self.slope * pool(worms, evidence)
        laboratory = np.zeros(len(worms))
        labs = worms["lab"].to_numpy()
        sessions = worms["session"].tolist()
        for lab in np.unique(labs):
            mine = np.flatnonzero(labs == lab)
            days = [sessions[index] for index in mine]
            overruled = self.known[self.known["lab"] == lab]
            near = closeness(days, overruled["session"].tolist())
            right, left = (near @ overruled["mirror"].eq(sign).to_numpy(float) for sign in (1, -1))
            laboratory[mine] = np.log((right + PSEUDO_COUNTS) / (left + PSEUDO_COUNTS))
        odds = laboratory + pooled
        chosen = np.where(odds >= 0, 1, -1)
        by_habit = (np.abs(laboratory) >= np.abs(pooled)) & (np.sign(laboratory) == chosen)
        source = np.where(by_habit, LABORATORY, EVIDENCE).astype(object)
        probability = expit(np.abs(odds))
        stated = worms["handedness"].to_numpy()
        chosen = np.where(stated != 0, stated, chosen)
        source[stated != 0] = STATED
        probability[stated != 0] = 1.0
        return worms[["lab", "worm", "session"]].assign(
            chosen=chosen,
            source=source,
            probability=probability,
            doubtful=(probability < DOUBTFUL).astype(int),
            laboratory_log_odds=laboratory,
            evidence_log_odds=pooled,
        )


def pool(worms: pd.DataFrame, evidence: np.ndarray) -> np.ndarray:
    """Add to every worm's evidence that of its laboratory's other worms, by closeness.

    Parameters
    ----------
    worms : pandas.DataFrame
        lab, session.
    evidence : numpy.ndarray, shape (worms,)
        Log likelihood of each worm as right-handed minus as mirrored.
    """
    pooled = np.array(evidence, dtype=float)
    sessions = worms["session"].tolist()
    for mine in worms.reset_index(drop=True).groupby("lab").indices.values():
        days = [sessions[index] for index in mine]
        among = closeness(days, days)
        np.fill_diagonal(among, 1.0)
        pooled[mine] = among @ np.asarray(evidence, dtype=float)[mine]
    return pooled


def calibrate(worms: pd.DataFrame, evidence: np.ndarray, mirror: np.ndarray) -> float:
    """Find what a unit of evidence is worth: the slope of a logistic regression without intercept.

    Evidence errs by laboratory rather than by worm: all worms of one have the same axes, and
    much the same field of view and labelling. It is therefore judged as it will be used, pooled
    over a laboratory's worms, and every laboratory has one vote.

    Parameters
    ----------
    worms : pandas.DataFrame
        lab, session of training worms, each aligned by an atlas that had not seen it.
    evidence : numpy.ndarray, shape (worms,)
        Log likelihood as right-handed minus as mirrored.
    mirror : numpy.ndarray, shape (worms,)
        1 or -1 by their labels; 0 counts for nothing.
    """
    known = mirror != 0
    worms, evidence = worms[known], np.asarray(evidence)[known]
    if not len(evidence):
        return 0.0
    signed = pool(worms, evidence) * mirror[known]
    votes = 1 / worms.groupby("lab")["session"].transform("size").to_numpy()
    scale = max(float(np.abs(signed).mean()), 1e-9)
    slopes = np.linspace(0.0, 3.0, 301) / scale
    # a weak prior keeps a slope finite where the evidence of all laboratories was right
    loss = np.logaddexp(0, -slopes[:, None] * signed) @ votes + 0.5 * (slopes * scale) ** 2
    return float(slopes[loss.argmin()])
