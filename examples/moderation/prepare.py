"""Make data/comments.csv from the RedditBias asset: one row per comment, its label and its groups."""

import csv
import io
import sys
from pathlib import Path

from audit.assets import asset_folder, find_asset
from audit.cli import cache_folder
from audit.record import write_text

OUT = Path(__file__).parent / "data" / "comments.csv"
LABELS = {"0": "acceptable", "1": "biased"}
"""``bias_sent``: whether annotators found that the comment expresses a negative stereotype."""


def main() -> None:
    """Write the table unless it is there already; say how many rows were left out, and why."""
    if OUT.exists():
        print(f"{OUT.name}: present.")
        return
    source = asset_folder(find_asset("redditbias"), cache_folder())
    files = sorted(source.glob("data/*/*_processed_phrase_annotated.csv"))
    if not files:
        sys.exit("The RedditBias comments are not here. Get them with: renben fetch redditbias")
    comments: dict[str, tuple[set[str], set[str]]] = {}
    unlabelled = sum(_read(file, comments) for file in files)
    kept = {text: found for text, found in comments.items() if len(found[0]) == 1}
    OUT.parent.mkdir(exist_ok=True)
    write_text(OUT, _table(kept))
    print(
        f"{OUT.name}: {len(kept):,} comments. Left out: {unlabelled:,} rows without a usable label, "
        f"{len(comments) - len(kept):,} comments with contradictory labels."
    )


def _read(file: Path, comments: dict[str, tuple[set[str], set[str]]]) -> int:
    """Add a file's comments; return how many of its rows have no usable label."""
    group = file.name.removeprefix("reddit_comments_").removesuffix("_processed_phrase_annotated.csv")
    left_out = 0
    with file.open(encoding="utf-8", errors="replace", newline="") as handle:
        for row in csv.DictReader(handle):
            text, label = " ".join(row["comment"].split()), LABELS.get((row["bias_sent"] or "").strip())
            if not text or label is None:
                left_out += 1
                continue
            labels, groups = comments.setdefault(text, (set(), set()))
            labels.add(label)
            groups.add(GROUPS[group])
    return left_out


GROUPS = {
    "gender_female": "women",
    "orientation_lgbtq": "LGBTQ people",
    "race_black": "Black people",
    "religion1_jews": "Jews",
    "religion2_muslims": "Muslims",
}


def _table(comments: dict[str, tuple[set[str], set[str]]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["text", "label", "identity"])
    for text, (labels, groups) in sorted(comments.items()):
        writer.writerow([text, next(iter(labels)), "|".join(sorted(groups))])
    return out.getvalue()


if __name__ == "__main__":
    main()
