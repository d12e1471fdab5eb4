"""Make one rule for each row of TABLES and FIGURES; the report uses the same rows."""

TABLES, FIGURES = (
    {name: row for name, row in rows.items() if row.get("when", True)} for rows in (TABLES, FIGURES)
)

for name, row in TABLES.items():

    rule:
        """Write a table that the report lists."""
        name:
            f"write_{name}_table"
        input:
            row.get("after", []),
            **row.get("inputs", {}),
        output:
            table=report(
                f"results/{{study}}/tables/{name}.csv",
                caption=f"../report/table_{name}.rst",
                category="Tables",
                labels={"table": name.replace("_", " ")},
            ),
        log:
            f"results/{{study}}/logs/write_{name}_table.log",
        group:
            cluster_group("report")
        conda:
            ENVIRONMENT
        params:
            **calls(f"evaluate.tables.{row['call']}"),
            **row.get("params", {}),
        script:
            "../scripts/call.py"


for name, row in FIGURES.items():

    rule:
        """Draw a figure of finished tables."""
        name:
            f"draw_{name}"
        input:
            row.get("after", []),
            **row["inputs"],
        output:
            figure=report(
                f"results/{{study}}/figures/{name}.png",
                caption=f"../report/{row.get('module', name)}.rst",
                category="Figures",
                subcategory=row["section"],
                labels={"figure": row["title"]},
            ),
        log:
            f"results/{{study}}/logs/draw_{name}.log",
        group:
            cluster_group("report")
        conda:
            ENVIRONMENT
        params:
            **calls(f"evaluate.figures.{row.get('module', name)}:draw"),
            **row.get("params", {}),
        script:
            "../scripts/call.py"


# What the report needs to know of each figure.
DRAWN = [
    {"name": name, "section": row["section"], "caption": row.get("module", name)}
    for name, row in FIGURES.items()
]
