"""Seconds that the robustness probes take on the moderation example, and how much of it outside the model.

Default parameters, every score computed anew. After ``make audit``: ``python -m benchmarks.robustness``
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from audit.cli import cache_folder
from audit.config_file import load_config
from audit.models.transformer import load_transformer
from audit.registry import discover, find
from audit.run import run_probe
from audit.scoring import Scorer
from audit.subject import Places, load_subject
from audit.types import ProbeRun, Subject
from benchmarks.scoring import Ours, tuned_example

EXAMPLE = Path(__file__).parent.parent / "examples" / "moderation" / "audit.toml"
AIMS = {"robustness.noise": 60, "fairness.counterfactual": 60, "robustness.attack": 120}
OUTSIDE = 25
"""Aim for noise and attacks, in per cent."""


def main() -> None:
    """Print seconds, queries and the share of time outside the model of each probe, against the aims."""
    discover()
    config, _ = load_config(EXAMPLE)
    folder = tuned_example()
    if folder is None:
        sys.exit("Run 'make audit' first.")
    subject = load_subject(config, Places(EXAMPLE.parent, cache_folder()), say=print)
    model = load_transformer(folder, max_tokens=subject.max_tokens)
    with tempfile.TemporaryDirectory() as cache:
        ours = Ours(model, Path(cache), list(subject.test.texts))
        for probe, aim in AIMS.items():
            scorer = ours.scorer()
            report(run(probe, replace(subject, score=scorer.score), config.seed), scorer, aim)


def run(probe: str, subject: Subject, seed: int) -> ProbeRun:
    """Return the run of a probe with its default parameters."""
    spec = find(probe)
    # Attacks may take all the time they need: it is what is measured.
    asked = {"seconds": 3600} if probe == "robustness.attack" else {}
    return run_probe(spec, subject, spec.params.model_validate(asked), seed, say=lambda _: None, log=print)


def report(done: ProbeRun, scorer: Scorer, aim: int) -> None:
    """Print one line."""
    facts = scorer.facts()
    outside = 100 * (1 - facts.model_seconds / done.seconds)
    print(
        f"{done.probe:24} {done.status} {done.reason} {done.seconds:6.1f} s (aim {aim})   "
        f"outside the model {outside:4.1f} % (aim {OUTSIDE})   "
        f"{facts.texts_scored:,} texts scored, {facts.texts_from_cache:,} known"
    )


if __name__ == "__main__":
    main()
