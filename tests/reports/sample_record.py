"""A realistic run record and its verdict, for tests of the reports. Invented numbers, real shapes."""

from collections.abc import Sequence
from datetime import date

from audit.gate import judge
from audit.types import (
    Attestation,
    CardFacts,
    EpochFacts,
    ProbeRun,
    Provenance,
    Rule,
    RunRecord,
    ScoringFacts,
    SplitFacts,
    SubjectFacts,
    TuningFacts,
    Verdict,
    Waiver,
)
from tests.reports.sample_probes import Groups, probe_runs

HOSTILE = "</script><img src=x onerror=alert(1)>"
ABOUT = ("women", "Black people", "LGBTQ people", "Jews", "Muslims")


def subject_facts(labels: Sequence[str], groups: Groups) -> SubjectFacts:
    """Return the facts about a fine-tuned moderation model."""
    sizes = {"train": 7452, "validation": 1146, "test": 2866}
    columns = {c: {name: 40 + 31 * i for i, name in enumerate(names)} | {"unknown": 17} for c, names in groups.items()}
    losses = ((0.512, 0.471, 0.781), (0.389, 0.449, 0.802), (0.301, 0.487, 0.799))
    return SubjectFacts(
        name="moderation",
        task="text classification",
        labels=tuple(labels),
        positive=labels[-1],
        model={
            "kind": "fine-tuned",
            "source": "asset:minilm",
            "architecture": "BertForSequenceClassification",
            "parameters": 22713986,
            "digest": "5f1d" * 8,
        },
        splits={name: SplitFacts(rows=n, fingerprint="9c3ab1" * 5, groups=columns) for name, n in sizes.items()},
        offers=("labels", "scores", "groups", "train", "validation", "baseline"),
        baseline="head trained on the frozen encoder",
        tuning=TuningFacts(
            base="asset:minilm",
            recipe={"train": "top:3", "learning_rate": 1e-4, "batch_size": 32, "epochs": 3, "dropout": None},
            trainable_parameters=5323778,
            total_parameters=22713986,
            precision="fp32",
            curve=tuple(
                EpochFacts(epoch=i + 1, train_loss=a, validation_loss=b, validation_accuracy=c, seconds=71.0)
                for i, (a, b, c) in enumerate(losses)
            ),
            best_epoch=2,
            seconds=213.0,
            reused=False,
        ),
        scoring=ScoringFacts(
            backend="onnx",
            device="cpu",
            reason="1.9 times as fast as torch",
            max_probability_difference=3e-7,
            equal_labels=True,
            compared_rows=64,
            texts_scored=4012,
            model_seconds=11.2,
        ),
    )


RULES = (
    Rule(
        metric="performance.roc_auc",
        min=0.85,
        why={"en": "Below this a moderator does better without it.", "zh": "低于此值，审核员不用它反而更好。"},
    ),
    Rule(
        metric="fairness.groups.false_positive_rate_difference",
        max=0.1,
        why={
            "en": "Harmless talk about one group must not be silenced more often.",
            "zh": "不应让关于某一群体的无害言论更常被删除。",
        },
    ),
    Rule(metric="fairness.groups.false_positive_rate", max=0.45, each=("about",), severity="warning"),
    Rule(metric="fairness.groups.equalized_odds_difference", max=0.15),
    Rule(metric="fairness.groups.demographic_parity_difference", max=0.02, severity="warning"),
    Rule(metric="calibration.smooth_ece", max=0.05, inconclusive="warn"),
    Rule(metric="calibration.temperature", max=1.5, severity="warning"),
    Rule(metric="robustness.typos.flip_rate", max=0.1),
)
WAIVER = Waiver(
    metric="fairness.groups.demographic_parity_difference",
    reason={"en": "Base rates differ between the groups.", "zh": "各群体的正类比例本来就不同。"},
    approved_by="A. Example",
    role="risk officer",
    created="2026-11-01",
    expires="2027-01-31",
)
PROVENANCE = Provenance(
    renben="0.1.0",
    python="3.11.9",
    platform="Linux-6.1",
    processor="Example CPU",
    cores=2,
    memory_gib=7.8,
    device="cpu",
    packages={"torch": "2.13.0", "numpy": "2.4.6"},
    revision="4be21d0",
    dirty=True,
    command="renben audit audit.toml",
    seed=7,
    digests={"model": "5f1d" * 8, "data.test": "9c3ab1" * 5},
)
STATEMENT = Attestation(
    value="sustainability",
    statement={"en": "The service runs in a region with hydro power.", "zh": "该服务部署在使用水电的地区。"},
    who="B. Example",
    role="operations lead",
    date="2026-10-01",
    expires="2027-10-01",
)


def sample_record(
    groups: Groups | None = None,
    labels: Sequence[str] = ("neutral", "biased"),
    title: str = "Comment moderation",
    more: tuple[ProbeRun, ...] = (),
) -> RunRecord:
    """Return the record of an invented audit, and of more probes."""
    groups = {"about": ABOUT} if groups is None else groups
    return RunRecord(
        run_id="0c5e3ad2",
        created="2026-11-22T09:30:00+00:00",
        title=title,
        quick=False,
        subject=subject_facts(labels, groups),
        config_given="title = 'Comment moderation'\n",
        config_used={"title": title},
        card=CardFacts(
            summary={"en": "Flags comments with a stereotype about people.", "zh": "标记带有群体刻板印象的评论。"},
            intended_use={"en": "To order a queue for human moderators.", "zh": "为人工审核排序。"},
            harms="A false positive silences harmless talk; a false negative leaves abuse standing.",
            owner="Trust and safety team",
        ),
        rules=RULES,
        attestations=(STATEMENT,),
        waivers=(WAIVER,),
        provenance=PROVENANCE,
        probes=(*probe_runs(labels, groups), *more),
        seconds=41.7,
    )


def sample_verdict(record: RunRecord) -> Verdict:
    """Return the verdict of the gate on the sample."""
    return judge(record, record.rules, date(2026, 11, 22), record.waivers)


def large_groups() -> dict[str, list[str]]:
    """Return three columns of forty groups."""
    return {column: [f"{column} {i:02d}" for i in range(40)] for column in ("region", "dialect", "age")}
