"""Worms of the DANDI archive: read by range requests, or downloaded whole."""

DANDI = config["dandi"]
ASSETS = checked(dandi_plan.assets, config)
FETCHED = {asset.file: asset for asset in ASSETS.values()}
STREAMED = bool(ASSETS) and not DANDI["download"]
# The manifest decides what a study reads, not its time: each job names its file in its params.
MANIFEST = ancient(DANDI["manifest"])
REASONS = {lab: facts["leave_out"] for lab, facts in DANDI["dandisets"].items()}
EXCLUDED = [f"results/{STUDY}/left_out.csv"] if ASSETS and any(REASONS.values()) else []


if STREAMED:

    rule stream_worms:
        """Read one worm from the archive, fetching only what its neuron table needs."""
        input:
            manifest=MANIFEST,
        output:
            table="results/{study}/worms/{source}.parquet",
            skipped="results/{study}/worms/{source}.skipped.csv",
        log:
            "results/{study}/logs/stream_worms/{source}.log",
        group:
            cluster_group("worms")
        conda:
            ENVIRONMENT
        resources:
            transfers=1,
        params:
            **calls("worms.dandi.source:stream"),
            lab=streamed_laboratory,
            asset=asset_of,
            api=DANDI["api"],
            cache=DANDI["cache"],
            full_scales=FULL_SCALES,
        script:
            "../scripts/call.py"


if ASSETS and not STREAMED:

    rule fetch_worm:
        """Download one whole file of the archive, and compare its checksum."""
        input:
            manifest=MANIFEST,
        output:
            file=f"{DANDI['cache']}/files/{{fetched}}",
        log:
            f"results/{STUDY}/logs/fetch_worm/{{fetched}}.log",
        wildcard_constraints:
            fetched="|".join(map(re.escape, FETCHED)),
        group:
            cluster_group("worms")
        conda:
            ENVIRONMENT
        resources:
            transfers=1,
        params:
            # no digest of code: the checksum shows that the file is right
            call="worms.dandi.source:fetch",
            lab=fetched_laboratory,
            asset=fetched_asset,
            api=DANDI["api"],
        script:
            "../scripts/call.py"


if EXCLUDED:

    rule leave_out_worms:
        """List the files that the study excludes, with its reasons."""
        input:
            manifest=MANIFEST,
        output:
            skipped="results/{study}/left_out.csv",
        log:
            "results/{study}/logs/leave_out_worms.log",
        group:
            cluster_group("neurons")
        conda:
            ENVIRONMENT
        params:
            **calls("worms.dandi.source:write_skipped_files"),
            leave_out=REASONS,
        script:
            "../scripts/call.py"
