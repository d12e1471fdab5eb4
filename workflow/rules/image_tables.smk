"""Write tables of the scores, losses and cards of all models and sets."""

SCORES = trained("scored", ".parquet")
LOSSES = trained("losses", ".csv")
REGIONS = trained("regions", ".parquet")
CARDS = [{"set": name, "path": f"results/{STUDY}/cards/{name}"} for name in SETS]
# By name: the function that writes one, the files that its params name, and its inputs and params.
TABLES = {
    "images": dict(call="images:write_images", after=paths(SCORES), params=dict(scores=SCORES)),
    "image_comparisons": dict(
        call="image_comparisons:write",
        after=paths(SCORES),
        params=dict(scores=SCORES, comparisons=config["comparisons"], seed=config["seed"]),
    ),
    **{
        f"image_{name}": dict(
            call=f"image_regions:write_{name}",
            after=paths(REGIONS),
            params=dict(regions=REGIONS, seed=config["seed"]),
        )
        for name in ("hues", "details")
    },
    "image_colours": dict(
        call="image_regions:write_colours", after=paths(REGIONS), params=dict(regions=REGIONS)
    ),
    "image_region_comparisons": dict(
        call="region_comparisons:write",
        after=paths(REGIONS),
        params=dict(regions=REGIONS, comparisons=config["comparisons"], seed=config["seed"]),
    ),
    "image_losses": dict(
        call="images:write_image_losses", after=paths(LOSSES), params=dict(losses=LOSSES)
    ),
    "image_sets": dict(
        call="images:write_image_sets", after=paths(CARDS), params=dict(cards=CARDS)
    ),
}
