"""The typographic card: the same title and seed give the same picture, and no title breaks it."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from media_gen.sources import get
from media_gen.sources.base import Made, Request
from media_gen.sources.card import GROUNDS, LEFT, RIGHT, letters, motifs

make_card = get("card")


def card(title: str, *, seed: int = 0) -> Made:
    return next(make_card(Request(title=title, seed=seed, category="Home", site="The Working House")))


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(made.image)).convert("RGB")


def test_the_same_title_and_seed_give_the_same_bytes() -> None:
    first, again = card("A kettle that lasts", seed=3), card("A kettle that lasts", seed=3)

    assert first.image == again.image
    assert first.provenance == {"title": "A kettle that lasts", "seed": 3, **look(first)}


def look(made: Made) -> dict[str, str]:
    return {name: made.provenance[name] for name in ("ground", "motif")}


def test_each_next_seed_gives_another_card_until_every_pair_was_seen() -> None:
    pairs = len(GROUNDS) * len(motifs.MOTIFS)

    seen = {tuple(look(card("A kettle", seed=seed)).values()) for seed in range(pairs)}

    assert len(seen) == pairs


def test_a_card_has_the_size_that_links_are_previewed_in() -> None:
    made = card("A kettle that lasts")

    assert (made.width, made.height) == opened(made).size == (1200, 630)


@pytest.mark.parametrize(
    "title",
    [
        "I",
        "",
        "   ",
        "Supercalifragilisticexpialidocious",
        "W" * 300,
        "word " * 60,
        "東京のコーヒー",
        "😀👩‍💻",
        "مرحبا بالعالم",
        "Перевод: что меняется в налогах",
        "Łódź żółć Việt Nam \u202e reversed \x00 null",
        "Of " + "M" * 80 + " and more",
    ],
)
def test_no_title_reaches_over_the_edge(title: str) -> None:
    made = card(title)

    picture = opened(made)
    # The outer strip beside the title holds nothing but the ground, whatever stands in the middle.
    ground = picture.getpixel((2, 300))
    strip = picture.crop((0, 100, LEFT - 12, 520))
    assert ImageChops.difference(strip, Image.new("RGB", strip.size, ground)).getbbox() is None


@pytest.mark.parametrize("title", ["W" * 300, "Wombat " * 42, "M" * 60 + " end", "iiii " * 60, "Short"])
def test_every_line_of_a_title_fits_its_measure(title: str) -> None:
    setting = letters.fit(title.strip(), letters.SERIF, width=RIGHT - LEFT, height=375, largest=116, smallest=36)

    assert setting.height <= 375
    assert max(setting.face.getlength(line) for line in setting.lines) <= RIGHT - LEFT


def test_lines_are_about_equally_long() -> None:
    setting = letters.fit(
        "A kettle that lasts for twenty years", letters.SERIF, width=690, height=375, largest=80, smallest=80
    )

    lengths = [setting.face.getlength(line) for line in setting.lines]
    assert len(lengths) == 2
    assert min(lengths) > 0.7 * max(lengths)


def test_letters_that_no_font_has_are_left_out_and_named() -> None:
    kept, font, missing = letters.settable("Café 東京 guide 👩‍💻")

    assert (kept, font) == ("Café guide", letters.SERIF)
    assert missing == "東京👩💻"


def test_a_title_in_cyrillic_is_set_in_the_face_that_has_it() -> None:
    kept, font, missing = letters.settable("Что меняется в налогах")

    assert (kept, font, missing) == ("Что меняется в налогах", letters.SANS, "")
