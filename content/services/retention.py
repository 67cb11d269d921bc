"""What the trail forgets with time: from where, and with which browser, something was done."""

from __future__ import annotations

from django.db import connection

AT_ONCE = 5000  # rows of one transaction


def blank_old() -> int:
    """Blank address and browser of rows older than AUDIT_DAYS; how many rows. The chain stays whole.

    The database does it and decides what is old (migration 0004), by the number of days it was told when it was last
    migrated.
    """
    blanked = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT trail_blank_old(%s)", [AT_ONCE])
            found = int(cursor.fetchone()[0])
            blanked += found
            if found < AT_ONCE:
                return blanked
