"""Ask for a blog post from the command line."""

from typing import Any

from django.core.management.base import CommandParser

from content.models import User
from pipeline.management.waiting import AskingCommand
from pipeline.models import Task, TaskType


class Command(AskingCommand):
    help = "Ask for a blog post on TOPIC. It is queued at once and ends waiting for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("topic")
        parser.add_argument("--words", type=int, default=1500, help="how long it is to be (default 1500)")
        parser.add_argument("--tone", default="")
        parser.add_argument("--model", default="", help="another model than the configured one")
        super().add_arguments(parser)

    def params(self, owner: User, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        params = {"topic": options["topic"], "word_count": options["words"], "model": options["model"]}
        if options["tone"]:
            params["tone"] = options["tone"]
        return TaskType.BLOG_POST, params

    def report(self, task: Task) -> None:
        result = task.result
        self.stdout.write(f"{result.get('title')}: {result.get('word_count')} words, score {result.get('score')}.")
        for piece in task.pieces:
            self.stdout.write(f"Waiting for you at {piece.get_absolute_url()}")
