"""`manage.py doctor`: each fault is named, with what to do."""

from __future__ import annotations

import json
import subprocess
import sys

from test_up import plain_environment

from config.embedded import ephemeral, throwaway

NOWHERE = "http://127.0.0.1:9"


def consult(environment: dict[str, str]) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and the findings by name."""
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)}


def test_services_that_answer_are_well_and_what_is_missing_says_what_to_do() -> None:
    with throwaway() as data, ephemeral() as addresses:
        data.secret("secret_key")
        environment = plain_environment(COPYDESK_DATA=str(data.path), OLLAMA_HOST=NOWHERE, **addresses)
        status, before = consult(environment)
        subprocess.run([sys.executable, "manage.py", "prepare"], env=environment, check=True)
        _, after = consult(environment)
        _, as_owner = consult({**environment, "DATABASE_URL": addresses["COPYDESK_OWNER_URL"]})

    assert status == 1
    well = {name for name, finding in before.items() if finding["verdict"] == "ok"}
    assert {"Python", "Secret key", "PostgreSQL", "Redis", "Live updates", "Disk", "Pictures"} <= well
    assert before["Tables"]["verdict"] == "fail"
    assert "manage.py migrate" in before["Tables"]["advice"]
    assert before["Model"]["verdict"] == "fail"
    assert "OLLAMA_HOST" in before["Model"]["advice"]
    assert after["Tables"]["verdict"] == "ok"
    assert (before["Trail"]["verdict"], after["Trail"]["verdict"]) == ("fail", "ok")
    assert (as_owner["Trail"]["verdict"], "CREATE ROLE" in as_owner["Trail"]["advice"]) == ("warn", True)
    assert after["Worker"]["verdict"] == after["Clock"]["verdict"] == "warn"
    assert "qcluster" in after["Worker"]["advice"]


def test_without_any_service_every_one_of_them_is_named() -> None:
    with throwaway() as data:
        nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
        status, found = consult(plain_environment(COPYDESK_DATA=str(data.path), OLLAMA_HOST=NOWHERE, **nowhere))
    assert status == 1
    failed = {name for name, finding in found.items() if finding["verdict"] == "fail"}
    assert failed == {"Secret key", "PostgreSQL", "Redis", "Live updates", "Model"}
    assert all(found[name]["advice"] for name in failed)


def test_every_provider_that_is_set_up_is_looked_at_and_so_is_who_stands_in() -> None:
    with throwaway() as data:
        hosted = {
            "OPENAI_BASE_URL": f"{NOWHERE}/v1",
            "OPENAI_API_KEY": "sk-secret-1234",
            "COPYDESK_FALLBACK": "scripted/no",
        }
        _, found = consult(
            plain_environment(
                COPYDESK_DATA=str(data.path), OLLAMA_HOST=NOWHERE, DATABASE_URL="postgresql:///none", **hosted
            )
        )
    assert found["Models of openai"]["verdict"] == "warn"
    assert "cannot be reached" in found["Models of openai"]["says"]
    assert (found["Fallback"]["verdict"], found["Fallback"]["says"]) == ("fail", "scripted does not have no")
    assert "sk-secret" not in str(found)


def test_looking_makes_no_folder() -> None:
    with throwaway() as data:
        absent = data.path / "var"
        consult(plain_environment(COPYDESK_DATA=str(absent), OLLAMA_HOST=NOWHERE, DATABASE_URL="postgresql:///none"))
        assert not absent.exists()
