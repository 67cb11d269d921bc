"""Who may do what in the database: the owner, whose the tables are, and the desk, as whom the application comes.

Where there is one role only, the guards of the trail hold all the same, but that role may lift them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

TRAIL = ("content_version", "content_decision", "content_auditentry")
READ_ONLY = ("content_auditlane", "django_migrations")
RECIPE = "CREATE ROLE {role} LOGIN PASSWORD '…';"


def settle(plan: object = None, **_: Any) -> None:
    """After migrating, and not after emptying tables, which has no plan: tell the database its rules."""
    if plan is None:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # The owner's word, in a function, which the desk's role cannot make anew; a setting would be anybody's.
        cursor.execute(
            "CREATE OR REPLACE FUNCTION trail_retention() RETURNS interval LANGUAGE sql IMMUTABLE "
            f"AS $$ SELECT interval '{int(settings.AUDIT_DAYS)} days' $$"
        )
        if settings.OWNER_URL and connection.settings_dict["USER"] != settings.DESK_ROLE:
            _grant(cursor, settings.DESK_ROLE)


def grant(role: str) -> None:
    """Give `role` what the desk needs: to read and write, of the trail only to read and add."""
    with transaction.atomic(), connection.cursor() as cursor:
        _grant(cursor, role)


def _grant(cursor: Any, role: str) -> None:
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        raise ImproperlyConfigured(
            f"DATABASE_URL names the role “{role}”, and there is none. Make it: {RECIPE.format(role=role or 'NAME')}"
        )
    desk = connection.ops.quote_name(role)
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    for statement in (
        f"GRANT CONNECT ON DATABASE {name} TO {desk}",
        f"GRANT USAGE ON SCHEMA public TO {desk}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {desk}",
        f"REVOKE UPDATE, DELETE ON {', '.join(TRAIL)} FROM {desk}",
        f"REVOKE INSERT, UPDATE, DELETE ON {', '.join(READ_ONLY)} FROM {desk}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {desk}",
        f"GRANT EXECUTE ON FUNCTION trail_blank_old(integer), trail_forget(bigint) TO {desk}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {desk}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {desk}",
    ):
        cursor.execute(statement)
