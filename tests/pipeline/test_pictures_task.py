"""Pictures are asked for, made one by one, kept as they arrive, and never twice."""

from __future__ import annotations

from typing import Any

import make
import pytest
from painter import Painter, install

from content.errors import ExternalError, Invalid, InvalidMove, NotAllowed
from content.models import Piece, Status, User
from media_gen.models import Image
from media_gen.services import candidates
from media_gen.sources.base import About
from pipeline import runner
from pipeline.models import Event, Notification, Stage, StageStatus, Task, TaskStatus
from pipeline.services import pictures, tasks
from pipeline.stages.base import Lease

pytestmark = pytest.mark.django_db


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    return install(monkeypatch)


def asked(of: Piece, *, by: User | None = None, **params: Any) -> Task:
    return tasks.create("image_generation", {"piece": of.pk, **params}, owner=by or of.owner)


def run(task: Task) -> Stage:
    """What a worker does with its one stage."""
    claimed = Stage.objects.claim(["io", "gpu"])
    assert claimed
    assert claimed.task_id == task.pk
    runner.execute(claimed, Lease(claimed))
    task.refresh_from_db()
    return task.stages.get()


def messages(task: Task) -> list[str]:
    return [event.data["message"] for event in Event.objects.filter(task=task, type="progress").order_by("seq")]


# --- Asking ---


def test_what_is_not_said_is_a_card_with_the_next_seeds() -> None:
    piece = make.piece(title="A kettle")
    candidates.draw_card(piece, "A kettle", seed=3, key="there")

    task = asked(piece, count=2)

    stage = task.stages.get()
    assert stage.kept["asked"] == {"source": "card", "prompt": "", "negative": "", "count": 2, "seed": 4}
    assert (task.name, task.model, stage.lane, stage.piece) == ("Pictures for “A kettle”", "card", "io", piece)


def test_two_that_are_asked_at_once_get_seeds_of_their_own() -> None:
    piece = make.piece()

    first, second = asked(piece, count=3), asked(piece)

    assert [task.stages.get().kept["asked"]["seed"] for task in (first, second)] == [0, 3]


def test_a_source_on_the_device_waits_in_its_own_lane_and_is_told_what_to_show(painter: Painter) -> None:
    piece = make.piece()
    make.version(piece=piece, facts={"image_prompt": "a kettle, cut open"})

    stage = asked(piece, source="painter", seed=7).stages.get()

    assert (stage.lane, stage.kept["asked"]["prompt"], stage.kept["asked"]["seed"]) == ("gpu", "a kettle, cut open", 7)


def test_more_like_one_is_the_same_words_and_the_next_seed(painter: Painter) -> None:
    piece = make.piece()
    run(asked(piece, source="painter", prompt="a red kettle", negative="text", seed=11, count=2))

    more = tasks.create("image_generation", {"like": piece.images.first().pk}, owner=piece.owner)  # type: ignore[union-attr]

    wanted = more.stages.get().kept["asked"]
    assert (wanted["source"], wanted["prompt"], wanted["negative"]) == ("painter", "a red kettle", "text")
    assert wanted["seed"] == 13


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 9}, "count"),
        ({"source": "etching"}, "source"),
        ({"source": "upload"}, "source"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"prompt": "x" * 1001}, "prompt"),
        ({"negative": "x" * 501}, "negative"),
        ({"model": "llama3"}, "model"),
        ({"piece": 10**9}, "piece"),
        ({"piece": None}, "like"),
        ({"like": 10**9}, "like"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field(params: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        asked(make.piece(), **params)

    assert list(refusal.value.fields) == [field]
    assert not Task.objects.exists()


def test_a_source_that_is_off_says_how_to_switch_it_on(painter: Painter) -> None:
    painter.about = About("Painter", "", needs="Buy brushes.", is_on=lambda: False)

    with pytest.raises(Invalid) as refusal:
        asked(make.piece(), source="painter")

    assert refusal.value.fields == {"source": ["Painter is off here. Buy brushes."]}


def test_nobody_asks_for_pictures_of_anothers_piece() -> None:
    piece = make.piece()

    with pytest.raises(Invalid):
        asked(piece, by=make.creator())
    assert asked(piece, by=make.editor()).owner != piece.owner


def test_pictures_come_after_the_text() -> None:
    with pytest.raises(InvalidMove, match="still being written"):
        asked(make.piece(status=Status.WRITING))


# --- Making ---


def test_each_is_kept_as_it_arrives_and_told(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter", count=3, seed=5)
    there: list[int] = []
    painter.after_step = lambda first, step: there.append(Image.objects.count())

    stage = run(task)

    assert [image.made["seed"] for image in piece.images.all()] == [5, 6, 7]
    assert there == [0] * 4 + [1] * 4 + [2] * 4
    assert (task.status, task.percent, task.doing) == (TaskStatus.COMPLETED, 100, "3 pictures, to choose from")
    assert stage.output["images"] == list(piece.images.values_list("pk", flat=True))
    found = Event.objects.filter(task=task, type="image_found").order_by("seq")
    first = piece.images.all()[0]
    assert len(found) == 3
    assert found[0].data == {
        "image_url": first.get_preview_url(),
        "image_id": first.pk,
        "photographer": "Oana Craciun",
        "source": "painter",
        "alt": "What seed 5 shows",
    }


def test_progress_is_told_step_by_step(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stages.picturing.TELL_EVERY_SECONDS", 0)
    task = asked(make.piece(), source="painter", count=2)

    run(task)

    assert messages(task) == [
        "Beginning with pictures",
        "Fetching the brushes",
        *(f"Picture {picture} of 2, step {step} of 3" for picture in (1, 2) for step in range(4)),
    ]
    told = Event.objects.filter(task=task, data__picture=2, data__step=1).get()
    assert told.data["percent"] == 67
    assert told.data["seconds_left"] is not None
    percents = [event.data["percent"] for event in Event.objects.filter(task=task, type="progress").order_by("seq")]
    assert percents == sorted(percents)


def test_a_batch_says_how_many_are_made_at_once(painter: Painter) -> None:
    painter.at_once = 4
    piece = make.piece()

    run(all_four := asked(piece, source="painter", count=4))
    run(five := asked(piece, source="painter", count=5))

    assert "4 pictures, step 0 of 3" in messages(all_four)
    assert {"Pictures 1 to 4 of 5, step 0 of 3", "Picture 5 of 5, step 0 of 3"} <= set(messages(five))


def test_a_cancelled_one_stops_at_the_next_step_and_keeps_what_arrived(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter", count=4)
    stage = Stage.objects.claim(["gpu"])
    assert stage
    lease = Lease(stage)

    def stop(first: int, step: int) -> None:
        if (first, step) == (1, 1):
            tasks.cancel(task, by=piece.owner)
            lease.lost.set()  # what the heartbeat finds

    painter.after_step = stop
    runner.execute(stage, lease)

    task.refresh_from_db()
    assert (task.status, piece.images.count()) == (TaskStatus.CANCELLED, 1)


def test_a_worker_that_was_replaced_keeps_no_picture(painter: Painter) -> None:
    task = asked(make.piece(), source="painter", count=2)
    stage = Stage.objects.claim(["gpu"])
    assert stage
    painter.after_step = lambda first, step: Stage.objects.filter(pk=stage.pk).enqueue()

    runner.execute(stage, Lease(stage))

    assert not Image.objects.exists()
    assert task.stages.get().status == StageStatus.QUEUED


def test_a_second_run_makes_only_what_is_missing(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter", count=4, seed=20)
    stage = Stage.objects.claim(["gpu"])
    assert stage

    def die(first: int, step: int) -> None:
        if first == 2:
            raise SystemExit  # nothing is told, as by a kill -9

    painter.after_step = die
    with pytest.raises(SystemExit):
        runner.execute(stage, Lease(stage))
    painter.after_step = None
    Stage.objects.filter(pk=stage.pk).enqueue()

    run(task)

    assert [image.made["seed"] for image in piece.images.all()] == [20, 21, 22, 23]
    assert [(request.seed, request.count) for request in painter.asked] == [(20, 4), (22, 2)]
    assert Event.objects.filter(task=task, type="image_found").count() == 4


def test_what_arrived_before_a_failure_is_kept_and_a_retry_makes_the_rest(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter", count=2, seed=1)
    painter.fails = ExternalError("The device has no memory left.", retryable=False)

    stage = run(task)
    assert (task.status, task.error, stage.status) == (TaskStatus.FAILED, "The device has no memory left.", "failed")
    assert task.recovery.startswith("What arrived is kept.")

    painter.fails = None
    tasks.retry(task, by=piece.owner)
    run(task)
    assert (task.status, piece.images.count()) == (TaskStatus.COMPLETED, 2)


def test_fewer_than_were_asked_for_says_so(painter: Painter) -> None:
    painter.gives = 2
    run(task := asked(make.piece(), source="painter", count=4))
    assert task.doing == "2 pictures of 4, Painter has no more, to choose from"

    painter.gives = 0
    run(none := asked(make.piece(), source="painter"))
    assert (none.status, none.error) == (TaskStatus.FAILED, "Painter gave no picture. Try other words.")


def test_nobody_is_told_that_the_piece_waits_when_its_pictures_are_there() -> None:
    run(asked(make.piece()))

    assert not Notification.objects.exists()


def test_how_long_it_takes_is_judged_by_the_picture(painter: Painter) -> None:
    piece = make.piece()
    for count, seconds in ((2, 8.0), (4, 16.0)):
        run(task := asked(piece, source="painter", count=count))
        task.stages.update(seconds=seconds)

    next_one = asked(piece, source="painter", count=3)

    assert pictures.pace("painter") == pictures.Pace(4.0, 2)
    assert pictures.pace("card") is None
    assert pictures.eta(next_one) == (12, 2)


# --- The picture of a post ---


def illustrate(**params: Any) -> tuple[Task, Stage]:
    task = make.task(**params)
    stage = task.stages.get(name="illustrate")
    task.stages.exclude(pk=stage.pk).update(status=StageStatus.DONE)
    Stage.objects.filter(pk=stage.pk).enqueue()
    claimed = Stage.objects.claim(["io", "gpu"])
    assert claimed == stage
    runner.execute(claimed, Lease(claimed))
    stage.refresh_from_db()
    return task, stage


def test_a_post_gets_a_picture_of_the_source_it_asked_for(painter: Painter) -> None:
    _, stage = illustrate(image_source="painter", topic="Why kettles break")

    (image,) = Image.objects.all()
    assert stage.output == {"says": "Painter", "image_id": image.pk}
    assert (stage.lane, image.source, image.made["prompt"]) == ("gpu", "painter", "Why kettles break")


@pytest.mark.parametrize("why", ["off", "failed", "nothing"])
def test_a_post_never_fails_for_its_picture(why: str, painter: Painter) -> None:
    if why == "off":
        painter.about = About("Painter", "", needs="Buy brushes.", is_on=lambda: False)
    elif why == "failed":
        painter.fails = ExternalError("The brushes are dry.", retryable=True)
    else:
        painter.gives = 0

    task, stage = illustrate(image_source="painter")

    assert (stage.status, stage.output["says"]) == (StageStatus.DONE, "Typographic card")
    warned = Event.objects.filter(task=task, type="log", data__level="warn").get()
    assert warned.data["source"] == "images"
    assert warned.data["message"].endswith("A card is drawn instead.")


def test_a_post_that_asked_for_none_gets_none() -> None:
    _, stage = illustrate(image_source="none")

    assert stage.output == {"says": "No picture asked for"}
    assert not Image.objects.exists()


def test_only_its_owner_or_an_editor_cancels(painter: Painter) -> None:
    task = asked(make.piece(), source="painter")

    with pytest.raises(NotAllowed):
        tasks.cancel(task, by=make.creator())
