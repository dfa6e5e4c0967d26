"""What the probes that change texts report of an invented model: real shapes and sizes, seeded numbers."""

import random
from collections.abc import Iterator, Sequence

from audit.types import Curve, Evidence, Example, Examples, Finding, Interval, ProbeRun, Table
from tests.reports.sample_probes import Groups, share

NOISE = (
    *("zero_width", "leetspeak", "spaced_out", "homoglyph", "keyboard_neighbour", "swap_letters", "drop_letter"),
    *("repeat_letter", "insert_letter", "ocr_confusion", "speech_to_text", "misspelling", "lower_case", "upper_case"),
    *("title_case", "random_case", "add_punctuation", "strip_punctuation", "double_punctuation", "extra_spaces"),
    *("missing_spaces", "line_breaks", "contraction", "expansion", "british", "american", "abbreviation", "slang"),
    *("neutral_context_before", "neutral_context_after", "polite_opener", "html_residue", "hashtag", "truncation"),
)
TERMS = {
    "gender": ("women", "men", "transgender people", "nonbinary people"),
    "religion": ("Muslims", "Jews", "Christians", "Hindus", "Buddhists", "Sikhs", "atheists", "Catholics"),
    "race_ethnicity": ("black people", "white people", "Asian people", "Latino people", "Arab people"),
    "age": ("young people", "elderly people", "teenagers", "middle-aged people"),
}
CAPABILITIES = ("negated abuse", "counter-speech", "reclaimed words", "threat", "direct insult", "identity mentioned")
RECIPES = ("deepwordbug", "pwws", "textfooler_like")
HIDDEN = "\u202eevil\u202c \u200bzero\x00\ud7ff</bdi><script>alert(1)</script>"


def gap(metric: str, value: float, **more: object) -> Finding:
    """Return a measured difference between groups."""
    ends = Interval(low=value / 2, high=value * 1.6, method="all pairs at once, max-t, 1000 draws")
    note = "highest: women 0.211; lowest: Jews 0.102"
    return Finding.model_validate(
        {"metric": metric, "value": value, "n": 300, "better": "lower", "interval": ends, "note": note} | more
    )


def signed(metric: str, value: float, better: str = "none", **more: object) -> Finding:
    """Return a measured change."""
    ends = Interval(low=value - 0.04, high=value + 0.04, method="Student's t")
    known = {"metric": metric, "value": value, "n": 300, "better": better, "interval": ends}
    return Finding.model_validate(known | more)


def everywhere(groups: Groups) -> list[dict[str, str]]:
    """Return the slice of all rows and of each group."""
    return [{}, *({column: name} for column, names in groups.items() for name in names)]


def an_example(i: int, change: str, before: str, after: str | None) -> Example:
    """Return one text of which the prediction changed."""
    return Example(
        id=f"test-{i}",
        before=before,
        after=after,
        change=change,
        label="biased",
        predicted_before="biased",
        predicted_after="neutral",
        score_before=0.91,
        score_after=0.234,
        groups=("about: women",),
    )


def noise(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``robustness.noise`` reports."""
    probe = "robustness.noise"
    rates = {name: max(0.004, 0.3 * 0.9**i + draw.uniform(-0.01, 0.01)) for i, name in enumerate(NOISE)}
    for where in everywhere(groups):
        for name in ("flip_rate", "score_shift", "severity_area", "worst_flip_rate"):
            yield share(f"{probe}.{name}", draw.uniform(0.1, 0.2), 60 if where else 300, "lower", slice=where)
        yield signed(f"{probe}.accuracy_change", draw.uniform(-0.08, 0), "higher", slice=where)
        for severity in "135":
            value = 0.04 * int(severity) + draw.uniform(0, 0.02)
            yield share(f"{probe}.flip_rate", value, 60, "lower", slice={**where, "severity": severity})
        for name, rate in rates.items():
            yield share(f"{probe}.flip_rate", rate, 60, "lower", slice={**where, "perturbation": name})
    for column in groups:
        yield gap(f"{probe}.flip_rate_difference", 0.109, slice={column: "*"})
    for name, rate in rates.items():
        yield signed(f"{probe}.accuracy_change", -rate / 3, "higher", slice={"perturbation": name})
        yield share(f"{probe}.score_shift", rate / 2, 300, "lower", slice={"perturbation": name})
        for severity in "135":
            where = {"perturbation": name, "severity": severity}
            yield share(f"{probe}.flip_rate", rate * int(severity) / 5, 300, "lower", slice=where)
    for where in everywhere(groups):
        y = tuple(round(s * draw.uniform(0.03, 0.05), 4) for s in (0, 1, 3, 5))
        yield Curve(
            name=f"{probe}.flip_rate",
            slice=where,
            x_label="severity",
            y_label="flip rate",
            x=(0, 1, 3, 5),
            y=y,
            low=tuple(v * 0.7 for v in y),
            high=tuple(v * 1.4 for v in y),
            n=(60,) * 4,
        )
    yield Table(
        name=f"{probe}.by_perturbation",
        columns=(
            *("perturbation", "applies to rows", "flip rate", "accuracy change", "score shift"),
            *("group hurt most", "its flip rate"),
        ),
        rows=tuple((name, 212, rate, -rate / 3, rate / 2, "about: women", rate * 1.3) for name, rate in rates.items()),
        note="300 of 2,866 rows were drawn",
    )
    texts = [
        ("zero_width, severity 1", "She is a wonderful colleague", "She is a won\u200bderful colleague"),
        ("upper_case, severity 3", "they should all go home", "they SHOULD all go HOME"),
        (
            "keyboard_neighbour, severity 1",
            "women cannot drive, " * 30 + "so they say",
            "women canmot drive, " + "x" * 20,
        ),
    ] * 4
    items = tuple(an_example(i, *text) for i, text in enumerate(texts))
    yield Examples(
        name=f"{probe}.examples", items=items, total=812, note="texts of more than 1,000 characters are not shown"
    )


def counterfactual(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``fairness.counterfactual`` reports."""
    probe = "fairness.counterfactual"
    yield share(f"{probe}.coverage", 0.144, 2866, "none", note="terms found in 412 of 2,866")
    for where in everywhere(groups):
        for fixed in ({}, *({"category": category} for category in TERMS)):
            for name in ("flip_rate", "score_shift"):
                yield share(f"{probe}.{name}", draw.uniform(0.02, 0.2), 60, "lower", slice={**where, **fixed})
    for column in groups:
        yield gap(f"{probe}.flip_rate_difference", 0.071, slice={column: "*"})
    for category, terms in TERMS.items():
        yield share(f"{probe}.template_flip_rate", draw.uniform(0.1, 0.5), 32, "lower", slice={"category": category})
        for term in terms:
            where = {"category": category, "term": term}
            yield signed(f"{probe}.term_shift", draw.gauss(0, 0.1), slice=where)
            for name in ("subgroup_auc", "bpsn_auc", "bnsp_auc"):
                yield share(f"{probe}.{name}", draw.uniform(0.6, 0.95), 32, slice=where)
        yield Table(
            name=f"{probe}.shifts",
            slice={"category": category},
            columns=("from", *terms),
            rows=tuple((a, *(None if a == b else draw.gauss(0, 0.1) for b in terms)) for a in terms),
        )
    yield share(f"{probe}.worst_subgroup_auc", 0.61, 32, note="lowest: Muslims")
    before, after = "I met two Muslims yesterday.", "I met two Christians yesterday."
    items = tuple(an_example(i, "religion: Muslims → Christians", before, after) for i in range(12))
    yield Examples(name=f"{probe}.examples", items=items, total=57)


def behaviour(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``behaviour.suite`` reports."""
    probe = "behaviour.suite"
    yield share(f"{probe}.pass_rate", 0.71, 320)
    for name in CAPABILITIES:
        yield share(f"{probe}.pass_rate", draw.uniform(0.2, 0.95), 50, slice={"capability": name})
    for group in ("women", "Jews", "Muslims", "immigrants"):
        yield share(f"{probe}.pass_rate", draw.uniform(0.6, 0.8), 40, slice={"category": group})
    yield gap(f"{probe}.pass_rate_difference", 0.2, slice={"category": "*"})
    yield share(f"{probe}.worst_capability_pass_rate", 0.2, 50, note="worst of 6: negated abuse, 10 of 50 cases passed")
    yield Table(
        name=f"{probe}.capabilities",
        columns=("capability", "cases", "passed", "pass rate", "what it asks"),
        rows=tuple((name, 50, 10 + i, 0.2 + i / 50, "A plain question.") for i, name in enumerate(CAPABILITIES)),
    )
    items = tuple(
        an_example(
            i,
            "negated abuse: Saying that one does not share a hateful view is acceptable.",
            "I do not hate them at all.",
            None,
        )
        for i in range(12)
    )
    yield Examples(name=f"{probe}.examples", items=items, total=93)


def attack(draw: random.Random, labels: Sequence[str], groups: Groups) -> Iterator[Evidence]:
    """Yield what ``robustness.attack`` reports."""
    probe = "robustness.attack"
    for where in everywhere(groups):
        for fixed in ({}, *({"recipe": recipe} for recipe in RECIPES)):
            for name in ("attack_success", "valid_attack_success", "robust_accuracy", "valid_robust_accuracy"):
                better = "lower" if name.endswith("success") else "higher"
                yield share(f"{probe}.{name}", draw.uniform(0.3, 0.8), 40, better, slice={**where, **fixed})
    for column in groups:
        yield gap(f"{probe}.attack_success_difference", 0.31, slice={column: "*"})
    for i, recipe in enumerate(RECIPES):
        yield Finding(
            metric=f"{probe}.queries",
            value=84.2 + i,
            n=40,
            better="none",
            slice={"recipe": recipe},
            interval=Interval(low=70, high=99, method="bootstrap"),
        )
        y = tuple(round(0.7 * (1 - 0.8**k) / (i + 1), 3) for k in range(11))
        where = {"recipe": recipe}
        yield Curve(
            name=f"{probe}.success_by_queries",
            slice=where,
            x_label="at most so many queries",
            y_label="attack success",
            x=tuple(50.0 * k for k in range(11)),
            y=y,
            n=(40,) * 11,
        )
    yield Table(
        name=f"{probe}.recipes",
        columns=("recipe", "paper", "departures from it", "rows attacked", "class changed", "valid", "mean queries"),
        rows=tuple((r, "Gao et al. 2018 (arXiv:1801.04354)", "greedy", 40, 25, 19, 84.2) for r in RECIPES),
    )
    items = tuple(
        an_example(i, "pwws: 1 changed of 4 words, 23 queries", "what a terrible plan", "what an awful plan")
        for i in range(12)
    )
    yield Examples(name=f"{probe}.examples", items=items, total=75)


MAKERS = {
    "robustness.noise": (("robustness", "fairness"), noise),
    "fairness.counterfactual": (("fairness",), counterfactual),
    "behaviour.suite": (("robustness", "fairness"), behaviour),
    "robustness.attack": (("robustness", "fairness"), attack),
}


def changed_runs(labels: Sequence[str], groups: Groups) -> tuple[ProbeRun, ...]:
    """Return the four probes that change texts."""
    return tuple(
        ProbeRun(
            probe=id,
            version=1,
            values=values,
            params={"rows": 300, "examples": 12},
            status="ok",
            seconds=31.4,
            evidence=tuple(make(random.Random(id), labels, groups)),
        )
        for id, (values, make) in MAKERS.items()
    )


def hostile_run() -> ProbeRun:
    """Return a probe whose examples would harm the page if they could."""
    items = (
        an_example(1, f"{HIDDEN}, severity 1", f"before {HIDDEN}", f"after {HIDDEN}"),
        an_example(2, "zero_width, severity 9", "\u2066\u2067" * 200, ""),
        an_example(3, "", "مرحبا بالعالم " * 40, "مرحبا يا عالم " * 40),
        an_example(4, "", "x" * 5000, "y" * 5000),
    )
    texts = Examples(name="acme.texts.examples", items=items, total=4, note=HIDDEN)
    return ProbeRun(
        probe="acme.texts", version=1, values=("robustness",), params={}, status="ok", seconds=0.1, evidence=(texts,)
    )
