"""Run a person's daily run now, from the command line."""

from typing import Any

from django.core.management.base import CommandParser
from django.urls import reverse

from content import platforms
from content.models import User
from pipeline.management.waiting import AskingCommand
from pipeline.models import Task, TaskType
from pipeline.services import preferences


class Command(AskingCommand):
    help = "Propose ideas and write each for each platform, as in the person's settings. It ends waiting for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, help="how many ideas (default: as in the person's schedule)")
        parser.add_argument("--platforms", nargs="+", metavar="PLATFORM", help="default: as in the person's schedule")
        parser.add_argument("--topics", nargs="+", metavar="TOPIC", help="default: as in the person's settings")
        parser.add_argument("--model", help="another model than the person's")
        super().add_arguments(parser)

    def params(self, owner: User, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        said = {name: options[name] for name in ("count", "platforms", "topics", "model") if options[name] is not None}
        return TaskType.DAILY_WORKFLOW, preferences.daily_params(owner, **said)

    def report(self, task: Task) -> None:
        result = task.result
        self.stdout.write(f"{result['says']}. They wait for you at {reverse('dashboard')}")
        for failure in result["failures"]:
            name = platforms.get(failure["platform"]).name
            self.stderr.write(f"Not made, “{failure['title']}” for {name}: {failure['error']}")
