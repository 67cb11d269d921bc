"""The web's connections to PostgreSQL, which know without a question whether they still are."""

from __future__ import annotations

import select
from typing import Any

import psycopg

THE_POOLS_QUESTION = ""  # a statement that says nothing, sent before a connection is handed out


class Connection(psycopg.Connection[Any]):
    """Before each request the pool asks whether the connection lives, which costs as long as a small query.

    A server that went away has closed its end, and the kernel knows that. PostgreSQL says nothing on its own to a
    connection that waits, so where there is nothing to read all is well; only else it is asked.
    """

    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        if query == THE_POOLS_QUESTION and not self._has_something_to_read():
            return self.cursor()
        return super().execute(query, *args, **options)

    def _has_something_to_read(self) -> bool:
        if self.closed:
            return True
        waiting = select.poll()
        waiting.register(self.fileno(), select.POLLIN)
        return bool(waiting.poll(0))
