"""All tables, by name; as a program it prints docs/tables.md."""

from chromapal.evaluate.dictionary import audit, images, naming, scores, worms

TABLES = scores.TABLES | naming.TABLES | images.TABLES | worms.TABLES | audit.TABLES

OPENING = """\
# The tables

Every table that is written, its columns, their units and what they mean. A study's tables lie in
`results/{study}/`, those of new worms in `results/applied/{name}/`, those of coloured images in
`results/coloured/{name}/`. Text is read as text (a
worm's name may be `007`). An empty cell means that the value does not apply. A fraction is a number
from 0 to 1. A text that a spreadsheet would take for a formula, because it begins with `=`, `+`,
`-`, `@`, a tab or a new line, has an apostrophe in front; what reads chromapal's tables takes it
away again. Numbers have none.
(Generated from `src/chromapal/evaluate/dictionary/` by `make keys`.)
"""


def document() -> str:
    """Return the text of docs/tables.md."""
    parts = [OPENING]
    for table in TABLES.values():
        rows = [
            f"| `{column.name}` | {column.unit} | {column.meaning} |" for column in table.columns
        ]
        head = f"## {table.path}\n\n{table.meaning}\n\n| column | unit | meaning |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(document(), end="")
