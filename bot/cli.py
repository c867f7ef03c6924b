"""The command `auskunft`. Exit code 0: done, 1: the work failed and the message says why, 2: wrong use."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from knowledge.errors import KnowledgeError
from knowledge.settings import Settings, load_settings

if TYPE_CHECKING:
    from knowledge.building import Built

_ROLES = ("agent", "editor", "approver", "admin")
_SPACE_GB = 2


@cache
def _wording() -> dict[str, dict[str, str]]:
    return yaml.safe_load((Path(__file__).parent / "wording" / "cli.yml").read_text("utf-8"))


def _say(key: str, **values: object) -> str:
    return _wording()["say"][key].format(**values)


class _Worded:
    """`help` names an entry of the wording file, which is read when the help is shown, not at import."""

    @property
    def help(self) -> str | None:
        return _wording()["help"].get(self._help_key, "") if self._help_key else None

    @help.setter
    def help(self, key: str | None) -> None:
        self._help_key = key


class _Command(_Worded, click.Command):
    pass


class _Group(_Worded, click.Group):
    command_class = _Command
    group_class = type


class _Option(_Worded, click.Option):
    pass


_json = click.option("--json", "as_json", cls=_Option, is_flag=True, help="json")


def _print(content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=1, default=str))


class _Progress:
    """A bar on a terminal, one line per step elsewhere; silent when the output is to be JSON."""

    def __init__(self, silent: bool = False) -> None:
        self._silent = silent
        self._bar: Any = None
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._silent or not total:
            return
        if sys.stderr.isatty():
            self._draw(step, done, total)
        elif step != self._step:
            click.echo(f"{_say(step)} …", err=True)
        self._step = step

    def _draw(self, step: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if step != self._step:
            self._bar = tqdm(total=total, desc=_say(step), leave=True)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


@click.group(cls=_Group, help="main", context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Groups the commands."""


@cli.command(help="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="host", cls=_Option)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="port", cls=_Option)
def serve(host: str, port: int) -> int:
    """Runs the service until it is told to stop."""
    from bot.serve import serve as run

    return run(load_settings(), host, port)


@cli.command(help="ask")
@click.argument("question")
@click.option("--language", type=click.Choice(["de", "en"]), help="language", cls=_Option)
@_json
def ask(question: str, language: str | None, as_json: bool) -> None:
    """One question through the whole path."""
    from bot.brain import BrainKeeper
    from bot.conversation.turns import Turns
    from bot.conversation.wording import Wording

    settings = load_settings()
    keeper = BrainKeeper(settings)
    keeper.open()
    turns = Turns(keeper, None, Wording.load(), settings.limits)  # type: ignore[arg-type]
    reply = asyncio.run(turns.ask(question, language))
    if as_json:
        return _print(reply.as_json())
    click.echo(reply.text)
    for citation in reply.citations:
        parts = (citation["title"], citation["publisher"], citation["date"], citation["url"])
        click.echo("— " + " · ".join(part for part in parts if part))
    for suggestion in reply.suggestions:
        click.echo(f"→ {suggestion}")


@cli.group(help="texts")
def texts() -> None:
    """The editors' texts."""


@texts.command("add", help="texts_add")
@click.argument("sources", nargs=-1, required=True)
def texts_add(sources: tuple[str, ...]) -> None:
    """Adds files, folders and addresses; all are read before the first is stored."""
    from knowledge.library import open_library
    from knowledge.reading import fetch, read_folder, read_text

    documents = []
    for source in sources:
        if source.startswith(("http://", "https://")):
            documents.append(fetch(source))
        elif Path(source).is_dir():
            documents.extend(read_folder(Path(source)))
        else:
            documents.append(read_text(Path(source)))
    shelf = open_library(load_settings())
    for document in documents:
        click.echo(_say(shelf.add(document), id=document.id))
    click.echo(_say("added_hint"))


@texts.command("list", help="texts_list")
@_json
def texts_list(as_json: bool) -> None:
    """All texts that the next release would hold."""
    from knowledge.library import open_library

    documents = open_library(load_settings()).documents()
    if as_json:
        keys = ("id", "title", "kind", "date", "publisher", "url", "topics")
        return _print([{key: getattr(each, key) for key in keys} for each in documents])
    for document in documents:
        click.echo(f"{document.id:<36} {document.date or '':<10} {document.title}")


@texts.command("show", help="texts_show")
@click.argument("text_id", metavar="ID")
def texts_show(text_id: str) -> None:
    """One text as it would be published."""
    from knowledge.library import open_library

    found = {each.id: each for each in open_library(load_settings()).documents()}.get(text_id)
    if found is None:
        raise click.ClickException(_say("text_unknown", id=text_id))
    click.echo(f"{found.title}\n{found.publisher} {found.date or ''} {found.url}\n\n{found.text}")


@texts.command("withdraw", help="texts_withdraw")
@click.argument("text_id", metavar="ID")
def texts_withdraw(text_id: str) -> None:
    """Leaves a text out of the next release."""
    from knowledge.library import open_library

    open_library(load_settings()).withdraw(text_id)
    click.echo(_say("withdrawn", id=text_id))


@cli.group(help="release")
def release() -> None:
    """Releases."""


@release.command("build", help="release_build")
@_json
def release_build(as_json: bool) -> None:
    """Builds without publishing."""
    built = _build(load_settings(), as_json)
    if as_json:
        _print({"id": built.release.id, "gate": built.gate})


@release.command("publish", help="release_publish")
@click.argument("release_id", metavar="[ID]", required=False)
def release_publish(release_id: str | None) -> None:
    """Publishes a built release."""
    from knowledge.releases import publish, release_ids

    settings = load_settings()
    built = release_ids(settings)
    if release_id is None and not built:
        raise click.ClickException(_say("none_built"))
    publish(settings, release_id or built[-1])
    click.echo(_say("published", id=release_id or built[-1]))


@release.command("rollback", help="release_rollback")
@click.argument("release_id", metavar="[ID]", required=False)
def release_rollback(release_id: str | None) -> None:
    """Goes back."""
    from knowledge.releases import rollback

    click.echo(_say("rolled_back", id=rollback(load_settings(), release_id)))


@release.command("list", help="release_list")
@_json
def release_list(as_json: bool) -> None:
    """All releases, the published one marked."""
    from knowledge.releases import manifest, published, release_ids

    settings = load_settings()
    current = published(settings)
    rows = [manifest(settings, each) for each in release_ids(settings)]
    if as_json:
        keys = ("id", "created", "documents", "passages", "gate")
        return _print([{key: row[key] for key in keys} | {"published": row["id"] == current} for row in rows])
    for row in rows:
        mark = "*" if row["id"] == current else " "
        gate = _say("passed" if row["gate"]["passed"] else "failed")
        shown = {"id": row["id"], "created": row["created"][:16], "documents": row["documents"]}
        click.echo(_say("release_row", mark=mark, gate=gate, **shown))
    if not rows:
        click.echo(_say("none_built"))


@release.command("show", help="release_show")
@click.argument("release_id", metavar="ID")
@_json
def release_show(release_id: str, as_json: bool) -> None:
    """What a release holds and how it was judged."""
    from knowledge.releases import manifest

    content = manifest(load_settings(), release_id)
    if as_json:
        return _print(content)
    for key in ("id", "created", "parent", "encoder", "documents", "passages", "gate"):
        click.echo(f"{key:<10} {content[key]}")


@cli.command(help="train")
@_json
def train(as_json: bool) -> int:
    """Builds, gates and publishes."""
    from knowledge.releases import publish

    settings = load_settings()
    built = _build(settings, as_json)
    if built.gate["passed"]:
        publish(settings, built.release.id)
    if as_json:
        _print({"id": built.release.id, "gate": built.gate, "published": built.gate["passed"]})
    elif built.gate["passed"]:
        click.echo(_say("published", id=built.release.id))
    else:
        click.echo(_say("not_published"), err=True)
    return 0 if built.gate["passed"] else 1


@cli.command(help="evaluate")
@click.option("--questions", required=True, type=click.Path(path_type=Path), help="questions", cls=_Option)
@click.option(
    "--texts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="evaluate_texts",
    cls=_Option,
)
@click.option("--json", "target", type=click.Path(path_type=Path), help="report", cls=_Option)
def evaluate(questions: Path, texts: Path | None, target: Path | None) -> None:
    """Measures; the published release is left alone."""
    from bot.evaluating import evaluate as measure
    from bot.evaluating import throw_away
    from bot.releasing import build
    from knowledge.evaluation import load_questions
    from knowledge.releases import open_release

    settings = load_settings()
    load_questions(questions)
    if texts is None:
        figures = measure(settings, open_release(settings), questions)
    else:
        with throw_away(settings) as scratch:
            built = build(scratch, _Progress(), texts)
            figures = measure(scratch, open_release(scratch, built.release.id), questions)
    if target is not None:
        target.write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
    _print_report(figures)


@cli.group(help="user")
def user() -> None:
    """Accounts."""


@user.command("add", help="user_add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="role", cls=_Option)
def user_add(name: str, role: Any) -> None:
    """Creates an account."""
    from bot.storage import Store
    from bot.storage.accounts import AccountExists

    try:
        token = Store.open(load_settings().paths.var).accounts.add(name, role)
    except AccountExists:
        raise click.ClickException(_say("account_exists", name=name)) from None
    click.echo(_say("account", name=name, role=role, token=token))


@cli.command(help="purge")
@click.option("--days", default=30, show_default=True, type=click.IntRange(min=0), help="days", cls=_Option)
def purge(days: int) -> None:
    """Deletes old conversations."""
    from bot.storage import Store

    click.echo(_say("purged", count=Store.open(load_settings().paths.var).conversations.purge(days)))


@cli.command(help="doctor")
@_json
def doctor(as_json: bool) -> int:
    """Checks everything; exit code 1 when the service could not answer."""
    settings = load_settings()
    findings = {
        name: _finding(check, settings)
        for name, check in (
            ("doctor_encoder", _check_encoder),
            ("doctor_release", _check_release),
            ("doctor_dialogue", _check_dialogue),
            ("doctor_storage", _check_storage),
            ("doctor_contact", _check_contact),
            ("doctor_space", _check_space),
        )
    }
    if as_json:
        _print({name.removeprefix("doctor_"): finding or "ok" for name, finding in findings.items()})
    else:
        for name, finding in findings.items():
            click.echo(f"{_say(name):<14} {finding or _say('doctor_ok')}")
    return 1 if any(findings[name] for name in ("doctor_encoder", "doctor_release", "doctor_storage")) else 0


def _finding(check: Callable[[Settings], str], settings: Settings) -> str:
    try:
        return check(settings)
    except Exception as error:  # a finding, not a crash
        return str(error)


def _check_encoder(settings: Settings) -> str:
    from knowledge.encoder import open_encoder

    open_encoder(settings.encoder, settings.paths.var)
    return ""


def _check_release(settings: Settings) -> str:
    from knowledge.releases import open_release

    open_release(settings)
    return ""


def _check_dialogue(settings: Settings) -> str:
    from knowledge.releases import dialogue_model, published

    present = dialogue_model(settings, str(published(settings))).is_file()
    return "" if present else _say("doctor_missing_dialogue")


def _check_storage(settings: Settings) -> str:
    from bot.storage import Store

    Store.open(settings.paths.var)
    return ""


def _check_contact(settings: Settings) -> str:
    empty = [name for name, value in settings.servicecenter if not value]
    return _say("doctor_contact_empty", fields=", ".join(empty)) if empty else ""


def _check_space(settings: Settings) -> str:
    free = shutil.disk_usage(settings.paths.var if settings.paths.var.exists() else settings.root).free / 1e9
    return "" if free >= _SPACE_GB else _say("doctor_space_low", free=round(free, 1))


def _build(settings: Settings, silent: bool) -> Built:
    from bot.releasing import build

    built = build(settings, _Progress(silent))
    if not silent:
        kept = built.release
        counts = {"encoded": built.encoded, "reused": built.reused}
        click.echo(_say("built", id=kept.id, documents=kept.documents, passages=kept.passages, **counts))
        gate = built.gate
        if gate["passed"]:
            click.echo(_say("gate_passed", **gate))
        else:
            click.echo(_say("gate_failed", lost="\n".join(f"- {each}" for each in gate["lost"])), err=True)
    return built


def _print_report(figures: dict[str, Any]) -> None:
    click.echo(_say("evaluation_head", questions=figures["questions"]))
    _print_outcomes("", figures["overall"])
    for name, values in figures["slices"].items():
        for value, outcomes in values.items():
            _print_outcomes(f"{name}={value}", outcomes)
    retrieval = dict(figures["retrieval"])
    mrr = retrieval.pop("mrr")
    shown = [f"{name} {_interval(figure)}" for name, figure in retrieval.items()] + [f"mrr {mrr['value']:.3f}"]
    click.echo(_say("evaluation_retrieval", figures=", ".join(shown)))
    click.echo(_say("evaluation_intent", accuracy=_interval(figures["intent"]["accuracy"])))
    for failure in figures["failures"]:
        click.echo(_say("evaluation_failure", **failure))


def _print_outcomes(name: str, outcomes: dict[str, Any]) -> None:
    shown = {kind: _interval(figure) for kind, figure in outcomes.items()}
    click.echo(_say("evaluation_row", name=name, n=outcomes["correct"]["n"], **shown))


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['rate']:.3f} [{figure['low']:.3f}–{figure['high']:.3f}]"


def main() -> None:
    """Runs the command line; what can be put right becomes a message and exit code 1."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(_say("interrupted"), err=True)
        code = 1
    except KnowledgeError as error:
        click.echo(str(error), err=True)
        code = 1
    except Exception as error:
        code = _known_failure(error)
    sys.exit(code if isinstance(code, int) else 0)


def _known_failure(error: Exception) -> int:
    from bot.storage.tables import StorageError

    if not isinstance(error, StorageError | OSError):
        raise error
    click.echo(_say("storage", detail=error), err=True)
    return 1
