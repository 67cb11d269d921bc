"""What can be wrong with an installation, and what to do about each. One function a check, in the order shown."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config import roles
from content.errors import CopydeskError, ExternalError
from content.services import chain
from media_gen import storage
from media_gen.sources.card import faces
from pipeline import providers, publishers
from pipeline.models import Heartbeat

GIGABYTE = 1_000_000_000
FULL_BYTES, TIGHT_BYTES = GIGABYTE // 5, 2 * GIGABYTE
OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 15
MODELS_SHOWN = 12
GUARDS = 10  # triggers that are always on, on the trail and its lanes
TRAIL_RIGHTS = """
SELECT current_user,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR bool_or(pg_has_role(current_user, relowner, 'MEMBER')),
    bool_or(has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE')
        OR has_table_privilege(oid, 'TRUNCATE')),
    (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'trail\\_%%' AND tgenabled = 'A')
FROM pg_class WHERE oid = ANY(SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) name)
"""
TWO_ROLES = (
    "Make a second role (CREATE ROLE copydesk_desk LOGIN PASSWORD '…'), name it in DATABASE_URL and the present one in "
    "COPYDESK_OWNER_URL, then run: manage.py prepare"
)


@dataclass(frozen=True)
class Finding:
    """`fail` keeps it from working, `warn` does not; `advice` is what to do, empty when there is nothing."""

    name: str
    verdict: Literal["ok", "warn", "fail"]
    says: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, as it is made. What needs the database is left out when there is none."""
    yield python()
    yield secret_key()
    database = postgres()
    yield database
    if database.verdict != "fail":
        yield migrations()
        yield trail()
    yield queue()
    yield channel_layer()
    yield model()
    yield from other_models()
    if database.verdict != "fail":
        yield heartbeat("worker", "tasks wait in the queue")
        yield heartbeat("clock", "schedules do not fire, and work of a lost worker is not taken up")
    yield disk()
    yield pictures()
    yield letters()
    yield from elsewhere()


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("Python", "fail", version, "Copydesk needs 3.11 or newer: make clean, install it, make up.")
    return Finding("Python", "ok", version)


def secret_key() -> Finding:
    if settings.SECRET_KEY.startswith("unsafe-"):
        return Finding(
            "Secret key",
            "fail",
            "none was made",
            "Run make up once, or set COPYDESK_SECRET_KEY to 50 random characters.",
        )
    return Finding("Secret key", "ok", "set")


def postgres() -> Finding:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0].split()[0]
    except DatabaseError as error:
        return Finding(
            "PostgreSQL", "fail", _first_line(error), "Start it with make up, or correct DATABASE_URL (postgresql://…)."
        )
    if int(version.split(".")[0]) < OLDEST_POSTGRES:
        return Finding("PostgreSQL", "fail", version, f"Copydesk needs {OLDEST_POSTGRES} or newer.")
    return Finding("PostgreSQL", "ok", version)


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Finding("Tables", "fail", f"{len(missing)} migrations are missing", "Run: manage.py migrate")
    return Finding("Tables", "ok", f"{len(executor.loader.applied_migrations)} migrations applied")


def trail() -> Finding:
    """Whether the role that we come as could lift what guards the trail, and whether the trail was whole lately."""
    with connection.cursor() as cursor:
        cursor.execute(TRAIL_RIGHTS, {"tables": list(roles.TRAIL)})
        role, owns, changes, guards = cursor.fetchone()
    if guards < GUARDS:
        advice = "Run: manage.py migrate. Where that has nothing to do somebody took them off: manage.py verify_audit"
        return Finding("Trail", "fail", "guards of the trail are missing or off", advice)
    check = chain.last_verified()
    if check is not None and not check.whole:
        return Finding("Trail", "fail", f"it was altered. {check.finding}", "Look closer: manage.py verify_audit")
    if owns or changes:
        whose = "owns its tables" if owns else "may change it"
        return Finding(
            "Trail", "warn", f"the application’s role “{role}” {whose}, and could lift its guards", TWO_ROLES
        )
    seen = f", whole when verified on {check.made_at:%d %B %Y}" if check else ""
    return Finding("Trail", "ok", f"“{role}” may add to it and change nothing{seen}")


def queue() -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
        told = client.info("server")
    except redis.RedisError as error:
        return Finding("Redis", "fail", _first_line(error), "Start it with make up, or correct REDIS_URL (redis://…).")
    finally:
        client.close()
    name = told.get("server_name", "redis").capitalize()
    return Finding("Redis", "ok", f"{name} {told.get('valkey_version') or told['redis_version']}")


def channel_layer() -> Finding:
    """One message through the layer and back."""

    async def there_and_back() -> bool:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "doctor.hello"})
        answer = await asyncio.wait_for(layer.receive(channel), timeout=3)
        return bool(answer["type"] == "doctor.hello")

    try:
        arrived = async_to_sync(there_and_back)()
    except (redis.RedisError, OSError, TimeoutError) as error:
        return Finding("Live updates", "fail", _first_line(error), "They go through Redis; see the line above.")
    return Finding("Live updates", "ok" if arrived else "fail", "a message went through and came back")


def model() -> Finding:
    """The one that new tasks go to."""
    provider, name = providers.resolve(settings.MODEL)
    try:
        cards = providers.get(provider).models()
    except CopydeskError as error:
        return Finding("Model", "fail", error.message, _start(provider))
    names = {card.name for card in cards}
    if not names & {name, f"{name}:latest"}:
        known = ", ".join(sorted(names)[:MODELS_SHOWN]) or "none"
        pull = f"Run: ollama pull {name}, or set" if provider == "ollama" else "Set"
        return Finding(
            "Model",
            "fail",
            f"{provider} does not have {name}; it has: {known}",
            f"{pull} COPYDESK_MODEL to one that it has.",
        )
    if any(card.starter for card in cards if card.name == name):
        return Finding(
            "Model",
            "warn",
            f"{name}, the starter model: it proves the road works, and does not write well",
            "Point at your Ollama: OLLAMA_HOST=http://127.0.0.1:11434 COPYDESK_MODEL=llama3.1:8b make up",
        )
    return Finding("Model", "ok", f"{name} at {provider}")


def other_models() -> Iterator[Finding]:
    """The other providers that are set up here, and whoever stands in for a model that fails."""
    default, _ = providers.resolve(settings.MODEL)
    for provider in providers.available():
        if provider != default:
            yield _provider(provider)
    for name in settings.FALLBACK:
        if providers.offers(name) is False:
            provider, model = providers.resolve(name)
            yield Finding("Fallback", "fail", f"{provider} does not have {model}", "Correct COPYDESK_FALLBACK.")


def _provider(name: str) -> Finding:
    try:
        cards = providers.get(name).models()
    except CopydeskError as error:
        return Finding(f"Models of {name}", "warn", error.message, _start(name))
    some = ", ".join(providers.called(name, card.name) for card in cards[:3])
    return Finding(f"Models of {name}", "ok", f"{len(cards)} answer: {some}" if cards else "it has none")


def _start(provider: str) -> str:
    if provider == "ollama":
        return "Start it, or set OLLAMA_HOST to the address of your Ollama; with neither, make up runs a starter model."
    return "See its line in README.md, Settings: key, address, package."


def heartbeat(process: str, otherwise: str) -> Finding:
    name = process.capitalize()
    try:
        alive = Heartbeat.objects.alive(process).count()
    except DatabaseError as error:
        return Finding(name, "fail", _first_line(error), "Run: manage.py migrate")
    if not alive:
        command = {"worker": "manage.py qcluster", "clock": "manage.py clock"}[process]
        return Finding(name, "warn", f"none was heard of lately: {otherwise}", f"Run make up, or: {command}")
    return Finding(name, "ok", f"{alive} alive" if alive > 1 else "alive")


def image_model() -> Finding:
    """Whether pictures can be made by SDXL: its packages and its folder. Loading it would take minutes."""
    missing = [name for name in ("torch", "diffusers", "transformers", "accelerate") if not find_spec(name)]
    if missing:
        return Finding("Image model", "fail", f"not installed: {', '.join(missing)}", "Run: make images")
    from media_gen.sources.sdxl import folder  # one of the packages, and many installations have none of them

    try:
        folder.find(settings.SDXL)
    except CopydeskError as error:
        return Finding("Image model", "fail", error.message, "See the lines on SDXL in README.md, Settings.")
    return Finding("Image model", "ok", f"{settings.SDXL}, device {settings.SDXL_DEVICE}")


def disk() -> Finding:
    free = shutil.disk_usage(_nearest(settings.DATA_DIR)).free
    says = f"{free / GIGABYTE:.1f} GB free in {settings.DATA_DIR}"
    advice = "Make room, or move the data to a larger disk: make up DATA=…"
    if free < FULL_BYTES:
        return Finding("Disk", "fail", says, advice)
    return Finding("Disk", "warn" if free < TIGHT_BYTES else "ok", says, advice if free < TIGHT_BYTES else "")


def pictures() -> Finding:
    """Whether both storages of pictures answer; where they are folders, whether we may write there."""
    try:
        says = f"public: {storage.look(storage.PUBLIC)}; previews: {storage.look(storage.PREVIEWS)}"
    except ExternalError as error:
        return Finding("Pictures", "fail", error.message, "Texts can be published without; see README.md, Pictures.")
    return Finding("Pictures", "ok", says)


def elsewhere() -> Iterator[Finding]:
    """Each other place that posts are published to; that one is down holds up nothing here."""
    for target in publishers.targets():
        name = target.name.capitalize()
        try:
            yield Finding(name, "ok", target.look())
        except ExternalError as error:
            yield Finding(
                name, "fail", error.message, "Our own site is not affected; see README.md, Publishing elsewhere."
            )


def letters() -> Finding:
    """Whether the typographic card can set scripts whose letters join or run from right to left."""
    if faces.SHAPED:
        return Finding("Letters", "ok", "any script of the card's fonts can be set")
    return Finding(
        "Letters",
        "warn",
        "Pillow finds no FriBidi: cards leave out Arabic, Hebrew and Hindi, and nothing is kerned",
        "Install it. On Debian or Ubuntu: sudo apt install libfribidi0. On macOS: brew install fribidi",
    )


def _nearest(folder: Path) -> Path:
    """The folder, or what it would be made in: looking must change nothing."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
