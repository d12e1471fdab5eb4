"""Which labels are neurons' names, and in which form they are compared; standard library only."""

import re
import unicodedata
from collections.abc import Sequence

# Stems of the left/right pairs of the hermaphrodite (White et al. 1986), with the amphid and
# phasmid socket and sheath cells that NeuroPAL files name. AVL, RIR, AQR, PQR and PVR end in a
# letter that is not a side, and are therefore absent.
_STEMS = """
    ADA ADE ADF ADL AFD AIA AIB AIM AIN AIY AIZ ALM ALN AMSH AMSO ASE ASG ASH ASI ASJ ASK AUA
    AVA AVB AVD AVE AVF AVH AVJ AVK AWA AWB AWC BAG BDU CAN CEPD CEPV CEPSHD CEPSHV FLP GLRD
    GLRV GLR HSN I1 I2 IL1 IL1D IL1V IL2 IL2D IL2V LUA M2 M3 MC NSM OLL OLQD OLQV PDE PHA PHB
    PHC PHSH PHSO PLM PLN PVC PVD PVN PVP PVQ PVW RIA RIB RIC RIF RIG RIM RIP RIV RMD RMDD RMDV
    RME RMF RMG RMH SAAD SAAV SABV SDQ SIAD SIAV SIBD SIBV SMBD SMBV SMDD SMDV URAD URAV URB URX
    URYD URYV
    """
PAIRS = frozenset(_STEMS.split())
# Neurons of the hermaphrodite that stand alone, and NeuroPAL files' head mesodermal cell.
_SINGLE = """
    ALA AQR AVG AVL AVM DVA DVB DVC HMC I3 I4 I5 I6 M1 M4 M5 MI PDA PDB PQR PVM PVR PVT RID RIH RIR
    RIS RMED RMEV SABD
    """
# Motor neurons of the ventral cord, numbered from the head.
_NUMBERED = {"AS": 11, "DA": 9, "DB": 7, "DD": 6, "VA": 12, "VB": 11, "VC": 6, "VD": 13}
# Classes of three, four or six members, whose name lacks dorsal or ventral besides the side. IL1,
# IL2, RMD and GLR are none of them: their lateral pair bears the bare name.
_QUARTETS = frozenset(
    ("CEP", "CEPSH", "OLQ", "RME", "SAA", "SAB", "SIA", "SIB", "SMB", "SMD", "URA", "URY")
)
_PARTIAL = PAIRS | _QUARTETS | _NUMBERED.keys()
# Classes whose members are told apart as dorsal and ventral; the D of AVD or RID says nothing.
_DORSAL_VENTRAL = _QUARTETS | {"GLR", "IL1", "IL2", "RMD"}
FULL = frozenset(
    [stem + side for stem in PAIRS for side in "LR"]
    + _SINGLE.split()
    + [f"{stem}{number + 1}" for stem, count in _NUMBERED.items() for number in range(count)]
)
# Neurons that only males have (Cook et al. 2019), and glia and other cells that people name.
# Labels of these are names like others; they have no class and no partner in the atlas.
_OTHER_STEMS = """
    CEMD CEMV MCM PCA PCB PCC PHD SPC SPD SPV ADESH ADESO ILSH ILSHD ILSHV ILSO ILSOD ILSOV OLLSH
    OLLSO OLQSHD OLQSHV OLQSOD OLQSOV PDESH PDESO PHSO1 PHSO2 PCSH PCSO SPSH SPSO XXX
    """
_RAYS = [f"R{ray}{kind}" for ray in range(1, 10) for kind in ("A", "B", "SH", "SO", "ST")]
_OTHER_PAIRS = [*_OTHER_STEMS.split(), *_RAYS]
_OTHER_SINGLE = """
    CEM DVE DVF EXC HOA HOB HOSH HOSO PDC PGA PVV PVX PVY PVZ
    """
_OTHER_NUMBERED = {"CA": 9, "CP": 9, "DX": 4, "EF": 4, "HYP": 12}
KNOWN = (
    FULL
    | _PARTIAL
    | frozenset(_OTHER_PAIRS)
    | frozenset(stem + side for stem in _OTHER_PAIRS for side in "LR")
    | frozenset(_OTHER_SINGLE.split())
    | frozenset(f"{stem}{k}" for stem, count in _OTHER_NUMBERED.items() for k in range(count + 1))
)

# What people, spreadsheets and programs write where nobody named a neuron.
_NOBODY = frozenset(
    (
        "nan", "na", "n/a", "n.a.", "<na>", "nat", "none", "null", "nil", "missing", "empty", "unk",
        "unknown", "unlabelled", "unlabeled", "unnamed", "unidentified", "undefined", "unassigned",
        "no name", "no label", "no id", "noname", "nolabel", "noid", "not identified",
        "not labelled", "not labeled", "not named", "not assigned",
        "#n/a", "#ref!", "#name?", "#value!", "#div/0!", "#num!", "#null!",
    )
)  # fmt: skip
_LIST = re.compile(r"(?:array\()?[\[(](.*?)[\])](?:(?:, *dtype=[^()]*)?\))?", re.DOTALL)
_QUOTED = re.compile(r"b?'([^']*)'|b?\"([^\"]*)\"")
_SPACES = re.compile(r"[\s_-]+")
_SEPARATORS = re.compile(r"[\s_.\-]+")
_PADDED = re.compile(r"([A-Za-z]+)0+([1-9][0-9]*)")
_LONGEST = 200  # characters of what can be a list of letters


def label(text: str) -> str:
    """Return a label as a person wrote it, "" for what says that nobody named the neuron.

    Parameters
    ----------
    text : str
        A cell: stripped here; a list of letters (`['A', 'V', 'A', 'L']`) and bytes (`b'AVAL'`),
        which other programs make of a name, are joined and decoded.

    Returns
    -------
    str
        "" for `nan`, `NA`, `#N/A`, `None`, `unknown`, `-`, `[]`, `b''` and the like, in letters of
        any case. A trailing `?` stays, as does a lone one.
    """
    text = _decoded(text.strip()).strip()
    words = _SPACES.sub(" ", text.rstrip("? \t").lower()).strip()
    if text.lower() in _NOBODY or words in _NOBODY:
        return ""
    return (
        text
        if any(letter.isalnum() or letter == "?" or not letter.isprintable() for letter in text)
        else ""
    )


def name(text: str) -> str:
    """Bring a label into the form in which names are compared.

    As `label`; a trailing `?` (uncertain) goes; a leading zero of the trailing number goes (`VB02`
    is `VB2`). What is no known name, but one in letters of another case or without its separators
    (`avaL`, `I1_L`, `AVA L`), becomes that name; everything else stays.

    Returns
    -------
    str
        The name, "" where unlabelled.
    """
    certain = _unpadded(label(label(text).rstrip("? \t")))
    if is_known(certain):
        return certain
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", certain)).upper()
    # a `?` that only a separator followed was a trailing one as well
    plain = _unpadded(plain.rstrip("?"))
    return plain if is_known(plain) else certain


def is_known(cleaned: str) -> bool:
    """Return whether a cleaned label is a name, or partial name, in a list of neurons and glia.

    The lists hold the neurons of the hermaphrodite's head, body and tail, those of the male, and
    glia; with a `?` inside it is known if it can stand for one of these.
    """
    if "?" in cleaned:
        fits = re.compile(_pattern(cleaned)).fullmatch
        return any(map(fits, KNOWN))
    return cleaned in KNOWN


def is_partial(cleaned: str) -> bool:
    """Return whether a cleaned label leaves open which neuron it names.

    Parameters
    ----------
    cleaned : str
        A label after `name`, where the `?` of `RMDD?` is gone and that of `SIA?L` is still there.

    Returns
    -------
    bool
        True for a `?` in place of a letter (`SIA?L`), the bare name of a left/right pair (`AVK`,
        `IL1V`, `RMDD`), of a larger class (`SIA`, `RME`) or of a numbered one (`VB`).
    """
    return "?" in cleaned or cleaned in _PARTIAL


def side(cleaned: str) -> str:
    """Return the side that a cleaned name states: "left", "right", or "" for none.

    The L or R of a left/right pair in `PAIRS` is a side, that of `AVL`, `RIR` or `AQR` is none.
    """
    return {"L": "left", "R": "right"}.get(cleaned[-1:], "") if cleaned[:-1] in PAIRS else ""


def dorsal_ventral(cleaned: str) -> str:
    """Return the part that a cleaned name states: "dorsal", "ventral", or "" for none.

    `RMDDL`, `RMDD` and `RMED` are dorsal; the bare name of a lateral pair (`RMDL`) states none,
    and neither does a letter that belongs to the class (`AVDL`, `RID`, `RIVL`).
    """
    stem = cleaned[:-1] if side(cleaned) else cleaned
    known = stem[:-1] in _DORSAL_VENTRAL
    return {"D": "dorsal", "V": "ventral"}.get(stem[-1:], "") if known else ""


def denoted(cleaned: str, names: Sequence[str]) -> frozenset[str]:
    """Return the full names that a label can stand for.

    Parameters
    ----------
    cleaned : str
        A cleaned label.
    names : sequence of str
        Names known in addition to those of the hermaphrodite's neurons; partial ones among them are
        ignored.

    Returns
    -------
    frozenset of str
        The label itself where it is no partial name, known or not; for a partial name all
        names it can stand for, perhaps none; nothing for "" (unlabelled).
    """
    if not is_partial(cleaned):
        return frozenset([cleaned] if cleaned else [])
    fits = re.compile(_pattern(cleaned)).fullmatch
    known = FULL.union(name for name in names if not is_partial(name))
    return frozenset(name for name in known if fits(name))


def _pattern(cleaned: str) -> str:
    if "?" in cleaned:
        # the open part may include the side: S?AD is SIADL, SIADR
        return ".".join(map(re.escape, cleaned.split("?"))) + "[LR]?"
    if cleaned in _QUARTETS:
        return f"{cleaned}[DV]?[LR]?"
    return f"{cleaned}[0-9]+" if cleaned in _NUMBERED else f"{cleaned}[LR]"


def _unpadded(text: str) -> str:
    return _PADDED.sub(r"\1\2", text) if _PADDED.fullmatch(text) else text


def _decoded(text: str) -> str:
    """Join the letters of a list, or give the content of bytes; other texts as they are."""
    if len(text) > _LONGEST:
        return text
    if single := _QUOTED.fullmatch(text):
        return single[1] or single[2] or "" if text.startswith("b") else text
    if not (listed := _LIST.fullmatch(text)):
        return text
    inside = listed[1]
    letters = [one or other for one, other in _QUOTED.findall(inside)]
    if _QUOTED.sub("", inside).strip(" ,\n") or not (letters or text.startswith(("[", "array"))):
        return text
    # several words are several names: no guess which of them is meant
    return "".join(letters) if len(letters) < 2 or max(map(len, letters)) < 2 else text
