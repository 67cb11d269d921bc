"""The cast and the props of the tests. Every function has defaults; say only what matters."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password

from content.models import Approval, Idea, Piece, Post, Role, Status, User, Version
from content.services import editing, publishing, review
from pipeline.models import Task
from pipeline.services import tasks

_numbers = itertools.count(1)

BODY = """# A kettle that lasts twenty years

Most kettles are thrown away while they still boil. The reason is almost always the same small part, and it can be
changed in an afternoon with one screwdriver.

## Find the part that fails

Unplug the kettle, turn it over and take out the screws. The thermostat sits under the base, beside the contacts. For
example, ours had burnt on one side only, and a new one came in the post the next day.

## Put in a new one

Take a picture before you pull the wires. Put the new part in, tighten both screws and check that nothing moves. Then
fill the kettle and let it boil twice before anyone drinks from it.

## Keep it for longer

Descale it each month with a spoon of citric acid. Pour the water out when you leave for a week. Try it this weekend,
and write to us with what you found.
"""

SOCIAL = {
    "linkedin": """A salesman rang my mother’s bell on Tuesday and offered to fill her walls by Friday.

It might be the best thing that happens to that house. It might also be a wet wall in three years. Ask these three \
questions before anyone drills a hole.

Which way does the wall face? One that takes driving rain needs a clear cavity, and west of the hills most of them \
do. Stand outside in a gale and look: if the wall is wet and the lawn behind it is dry, leave the gap alone.

What is in there already? It costs nothing to ask for a look through one mortar joint. Rubble on the ties is how damp \
crosses from the outer leaf to your plaster, and no foam in the world will stop it.

Who pays if it fails? A guarantee from the installer is worth as much as the installer. Ask for one that outlives the \
firm, in your own name, with the survey attached.

If the answer to any of these is a shrug, keep your bricks as they are for one more winter. A cold room costs less \
than a wet one, and the bell will ring again.

#insulation #oldhouses #damp""",
    "x": """Someone will offer to fill your cavity walls this winter. Before they drill, ask which way the wall faces. \
Driving rain needs a gap to fall down, and foam leaves none. ☂️

---

Then ask to see inside. A camera through one mortar joint takes ten minutes.

Rubble on the ties is a bridge for water. The drawings: https://workinghouse.example/cavity-walls/what-we-saw

---

Last: who pays if it fails? Not the installer, who may be gone. Ask for a guarantee in your own name. No paper, no \
drill. #oldhouses""",
    "instagram": """## Hook

They want to fill your walls. Ask them three things first.

Scene: Close on a drill bit, a finger’s width from brick

## Value

One: rain. Stand outside in a gale. If the wall is wet and the lawn behind it is dry, leave the gap alone. Two: look \
in. One hole, one camera, ten minutes. Rubble on the ties lets damp cross. Three: paper. A guarantee from the \
installer is worth the installer. Ask for one that outlives them, in your own name, with the survey attached to it.

Scene: Rain on a gable, hand-held, no music

Scene: A camera screen, rubble on a tie

## Call to action

Save this for the day the bell rings. The full checklist is in the profile.

Scene: The paper checklist, on a doormat

## Caption

Three questions before anyone drills a hole in your house.

#insulation #oldhouses #damp""",
}


def user(role: str = Role.CREATOR, **fields: Any) -> User:
    """A person; their password is "correct horse"."""
    n = next(_numbers)
    fields = {"email": f"person{n}@example.org", "name": f"Person {n}", **fields}
    # Hashed cheaply: bcrypt at cost 12 for each of a thousand people would take minutes.
    made = User(role=role, **fields)
    made.password = _cheap_password()
    made.save()
    return made


def creator(**fields: Any) -> User:
    return user(Role.CREATOR, **fields)


def editor(**fields: Any) -> User:
    return user(Role.EDITOR, **fields)


def admin(**fields: Any) -> User:
    return user(Role.ADMIN, is_staff=True, is_superuser=True, **fields)


def idea(**fields: Any) -> Idea:
    n = next(_numbers)
    return Idea.objects.create(**{"title": f"Idea {n}", "owner": fields.pop("owner", None) or creator(), **fields})


def piece(
    *, status: str = Status.GENERATED, owner: User | None = None, title: str = "", body: str = BODY, **fields: Any
) -> Piece:
    """A piece with one version by a model, brought to `status` along the real road."""
    owner = owner or creator()
    category = fields.pop("category", "")
    about = fields.pop("idea", None) or idea(owner=owner, category=category, title=title or f"Topic {next(_numbers)}")
    fields.setdefault("ask", {"topic": about.title})
    made = Piece.objects.create(idea=about, platform="blog", owner=owner, title=title or about.title, **fields)
    if status == Status.WRITING:
        return made
    title = title or "A kettle that lasts twenty years"
    newest = editing.add_version(
        made, title=title, body=body, stage="format", model="smollm2:135m", facts={"excerpt": "Change one part."}
    )
    made.move_to(Status.GENERATED, approval=Approval.PENDING)
    who = editor()
    if status == Status.EDITED:
        editing.save_edit(made, by=who, based_on=newest.hash, title=title, body=body + "\nOne more line.\n")
    elif status == Status.REVIEWED:
        review.request_changes(newest, by=who, feedback="Say more about the screws.")
    elif status == Status.REJECTED:
        review.reject(newest, by=who, feedback="Off topic.")
    elif status in {Status.READY, Status.PUBLISHED}:
        review.approve(newest, by=who)
        if status == Status.PUBLISHED:
            publishing.publish(made, by=who)
    made.refresh_from_db()
    return made


def social(platform: str = "linkedin", *, body: str = "", title: str = "", **fields: Any) -> Piece:
    """A generated piece of one of the platforms that a text is pasted to."""
    owner = fields.pop("owner", None) or creator()
    about = fields.pop("idea", None) or idea(owner=owner, title=title or f"Cavity walls, number {next(_numbers)}")
    made = Piece.objects.create(
        idea=about, platform=platform, owner=owner, title=about.title, **{"ask": {"topic": about.title}, **fields}
    )
    editing.add_version(made, title=about.title, body=body or SOCIAL[platform], stage="transform", model="smollm2:135m")
    made.move_to(Status.GENERATED, approval=Approval.PENDING)
    made.refresh_from_db()
    return made


def version(
    *, piece: Piece | None = None, body: str = "", title: str = "", by: User | None = None, **fields: Any
) -> Version:
    """The newest version of a new piece in `status`, or, given a piece, one more version of it."""
    if piece is None:
        made = globals()["piece"](
            status=fields.pop("status", Status.GENERATED), title=title, body=body or BODY, **fields
        )
        return Version.objects.get(pk=made.current_id)
    newest = piece.current
    return editing.add_version(
        piece,
        title=title or (newest.title if newest else piece.title),
        body=body or f"{newest.body if newest else BODY}\nAnother line, number {next(_numbers)}.\n",
        stage="edit" if by else "draft",
        by=by,
        model="" if by else "smollm2:135m",
        **fields,
    )


def post(*, title: str = "", **fields: Any) -> Post:
    """A live post."""
    return Post.objects.get(piece=piece(status=Status.PUBLISHED, title=title or f"Post {next(_numbers)}", **fields))


def task(*, owner: User | None = None, **params: Any) -> Task:
    """A queued blog post task."""
    params = {"topic": f"Topic number {next(_numbers)}", "word_count": 600, **params}
    return tasks.create("blog_post", params, owner=owner or creator())


def daily_run(*, owner: User | None = None, **params: Any) -> Task:
    """A queued daily run."""
    return tasks.create("daily_workflow", params, owner=owner or creator())


@cache
def _cheap_password() -> str:
    """Hashed once for the whole run."""
    return make_password("correct horse")
