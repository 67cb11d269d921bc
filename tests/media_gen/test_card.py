"""The typographic card: the same title and seed give the same picture, and no title breaks it."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from itertools import combinations, pairwise

import contact_sheet
import pyphen
import pytest
from PIL import Image, ImageChops, ImageStat

from media_gen.sources import card as cards
from media_gen.sources import get
from media_gen.sources.base import Made, Request
from media_gen.sources.card import colours, faces, hyphens, lines, motifs
from media_gen.sources.card.layouts import HEIGHT, LAYOUTS, WIDTH

make_card = get("card")
shaped = pytest.mark.skipif(not faces.SHAPED, reason="this machine has no FriBidi")
HOSTILE = (
    "I",
    "Supercalifragilisticexpialidocious",
    "W" * 300,
    "word " * 60,
    "😀👩‍💻",
    "Łódź żółć Việt Nam \u202e reversed \x00 null",
    "Of " + "M" * 80 + " and more",
    "ẤỂǛ" * 20,
    "東京" * 60,
    "“" * 12,
    "a\u0301\u0302\u0303" * 12,
    "-" * 90,
)


def request_for(title: str, seed: int = 0) -> Request:
    return Request(title=title, seed=seed, category="Home", site="The Working House")


def card(title: str, *, seed: int = 0) -> Made:
    return next(make_card(request_for(title, seed)))


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(made.image)).convert("RGB")


def fitted(title: str, **box: float) -> lines.Setting:
    text, type_, _ = faces.settable(title)
    options = {"width": 690, "height": 384, "largest": 200, "smallest": 22, "breaks": lines.Breaks.ANYWHERE, **box}
    setting = lines.fit(text, type_, **options)
    assert setting is not None
    return setting


# --- The same, and another -------------------------------------------------------------------------------------


def test_a_card_is_drawn_again_from_its_provenance() -> None:
    first = card("A kettle that lasts", seed=3)

    told = first.provenance
    again = next(make_card(Request(**{name: told[name] for name in ("title", "seed", "category", "site")})))

    assert again.image == first.image
    assert again.provenance == told
    assert {"ground", "motif", "layout", "colours", "fonts", "drawing"} <= set(told)
    assert told["fonts"] == {faces.SERIF.file: faces.version(faces.SERIF)}


def test_each_next_seed_gives_another_ground_drawing_and_layout() -> None:
    looks = [cards.look("A kettle", seed) for seed in range(105)]

    for (ground, motif, order), (next_ground, next_motif, next_order) in pairwise(looks):
        assert ground != next_ground
        assert motif != next_motif
        assert order[0] != next_order[0]
    assert len(set(looks)) == 105 == len(colours.HOUSE) * len(motifs.MOTIFS) * len(LAYOUTS)


@pytest.mark.parametrize(
    "brand", [["#0b5d3b"], ["#0b5d3b", "#f2b705", "#16357f"], ["#0b5d3b", "#f2b705", "#16357f", "#8d0d17"]]
)
def test_a_brands_grounds_meet_every_drawing_and_layout(brand: list[str], settings) -> None:
    settings.CARD_COLOURS = brand
    looks = [cards.look("A kettle", seed) for seed in range(100)]

    for (ground, motif, order), (next_ground, next_motif, next_order) in pairwise(looks):
        assert (ground != next_ground, motif != next_motif, order[0] != next_order[0]) == (True, True, True)
    assert len({motif for ground, motif, _ in looks if ground == looks[0][0]}) == len(motifs.MOTIFS)
    assert len({order for ground, _, order in looks if ground == looks[0][0]}) == len(LAYOUTS)


def test_four_variations_of_a_title_look_different() -> None:
    small = [opened(card("Heat pumps, explained", seed=seed)).resize((60, 32)) for seed in range(4)]

    for one, other in combinations(small, 2):
        assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) > 20


def test_a_card_has_the_size_that_links_are_previewed_in() -> None:
    made = card("A kettle that lasts")

    assert (made.width, made.height) == opened(made).size == (1200, 630)


# --- No letter clipped or hidden ---------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [*contact_sheet.TITLES, *HOSTILE])
def test_every_letter_is_printed_inside_the_place_of_the_title(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = []
    really = cards._print

    def spy(page, ground, layout, setting):
        before = page.copy()
        really(page, ground, layout, setting)
        printed.append((ImageChops.difference(before, page), layout, setting))

    monkeypatch.setattr(cards, "_print", spy)
    monkeypatch.setattr(cards, "_illustrate", lambda *given: None)  # seconds, over all titles
    card(title)

    [(changed, layout, setting)] = printed
    text, type_, missing = faces.settable(title)
    left, top, right, bottom = changed.getbbox()
    box = layout.title
    hanging = max(lines.hanging(line, setting) for line in setting.lines)
    # Swashes and soft edges may stand out of the column by a hair.
    assert box.left - hanging - 12 <= left
    assert box.top - 2 <= top
    assert right <= box.right + 12
    assert bottom <= box.bottom + 2
    assert 0 < left < right < WIDTH
    assert 0 < top < bottom < HEIGHT
    # As tall as its letters are: nothing was cut off on the way to the page. Pillow counts the baseline as ink.
    if any(letter.isalnum() for letter in title):
        assert bottom - top == pytest.approx(setting.height, abs=4)
    # All of them, in order; a hyphen may have come in.
    set_ = "".join(setting.lines)
    assert bare(set_) == bare(text)
    assert not missing
    for cluster in faces.clusters(text.replace("\u00ad", "").replace(" ", "")):
        assert type_.font(cluster) is not None


def bare(text: str) -> str:
    return text.replace(" ", "").replace("-", "").replace("\u00ad", "")


def test_no_line_touches_the_one_below() -> None:
    setting = fitted("Ấp Ẵ gpqy ẤỂ Ắ gjpq ẤỂǛ", width=300)

    boxes = [setting.type.ink(line, setting.size) for line in setting.lines]
    for n in range(len(boxes) - 1):
        assert setting.baselines[n] + boxes[n][3] < setting.baselines[n + 1] + boxes[n + 1][1]


def test_letters_that_no_font_has_are_left_out_without_a_hole_and_named() -> None:
    kept, _, missing = faces.settable("Café 𒀀 guide ꧁ 🫠")

    assert (kept, missing) == ("Café guide", "𒀀꧁🫠")


@pytest.mark.parametrize("title", ["", "   ", "สวัสดี"])
def test_a_title_that_cannot_be_printed_leaves_the_sheet_to_the_site(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_seen = []
    monkeypatch.setattr(cards, "_print", lambda *given: settings_seen.append(given[3]))

    card(title)

    assert " ".join(settings_seen[0].lines) == "The Working House"


def test_without_a_site_either_the_card_is_a_drawing() -> None:
    assert opened(next(make_card(Request(title="")))).size == (1200, 630)


# --- Lines -----------------------------------------------------------------------------------------------------


def test_lines_are_about_equally_long_and_no_word_stands_alone_at_the_end() -> None:
    for title in (
        "A kettle that lasts for twenty years",
        "What the new heat pump rules mean for you",
        "One two three a b",
    ):
        setting = fitted(title, largest=90)

        lengths = [setting.type.length(line, setting.size) for line in setting.lines]
        assert min(lengths) > 0.5 * max(lengths), setting.lines


def test_a_line_does_not_end_in_an_article() -> None:
    setting = fitted("The house on the hill and the road to the sea", largest=80)

    assert not {line.split()[-1] for line in setting.lines} & {"the", "on", "to", "and"}


def test_a_short_title_is_set_larger_than_a_long_one() -> None:
    sizes = [fitted(title).size for title in ("Kettle", "A kettle that lasts for years", "word " * 50)]

    assert sizes[0] > 1.5 * sizes[1] > 3 * sizes[2] / 1.5


def test_a_long_compound_is_hyphenated_at_its_seams() -> None:
    setting = fitted("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", width=944)

    assert len(setting.lines) > 1
    for line in setting.lines[:-1]:
        assert line.endswith("-")
        assert hyphens.is_seam(line[:-1], "de_DE")


def test_a_title_is_rather_laid_out_otherwise_than_hyphenated() -> None:
    for seed in range(3):
        made = card("Wärmepumpenförderung im Eigenheim", seed=seed)
        assert made.provenance["layout"] != "full"
    _, setting = cards._laid_out(*faces.settable("Wärmepumpenförderung im Eigenheim")[:2], LAYOUTS)
    assert setting is not None
    assert not any(line.endswith("-") for line in setting.lines)


@pytest.mark.parametrize("word", ["Wärmepumpenförderung", "Donaudampfschifffahrtsgesellschaft", "Aufgabenübertragung"])
def test_hyphens_stand_where_the_dictionary_lets_them(word: str) -> None:
    whole = pyphen.Pyphen(lang="de_AT", left=hyphens.KEPT, right=hyphens.KEPT)

    assert hyphens.positions(word, "de_AT") == [int(position) for position in whole.positions(word)]


def test_soft_hyphens_are_where_a_word_breaks_and_are_not_printed_elsewhere() -> None:
    setting = fitted("Do\u00adnau\u00addampf\u00adschiff\u00adfahrt", width=300, smallest=60)

    assert all(line.endswith("-") for line in setting.lines[:-1])
    assert "\u00ad" not in "".join(setting.lines)


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Was Eigenheimbesitzer für ihre Förderung wissen müssen", "de_DE"),
        ("Rindfleischetikettierungsüberwachung", "de_DE"),
        ("What the rules mean for you", "en_US"),
        ("Pourquoi le beurre est si cher", "fr"),
        ("Что меняется", "ru_RU"),
        ("Що змінюється", "uk_UA"),
        ("Πώς να διαλέξετε", "el_GR"),
        ("Kettle", "en_US"),
    ],
)
def test_the_language_is_told_by_its_words(title: str, language: str) -> None:
    assert hyphens.language(title) == language


@pytest.mark.parametrize(
    "title",
    ["「コーヒー」、ラーメン。そして、東京（とうきょう）へ行くッ！" * 2, "他说：“今天，我们去北京！”然后他走了。" * 2],
)
def test_no_line_begins_or_ends_with_a_sign_that_must_not(title: str) -> None:
    setting = fitted(title)

    assert len(setting.lines) > 2
    for line in setting.lines:
        assert line[0] not in lines.NOT_FIRST
        assert line[-1] not in lines.NOT_LAST


@pytest.mark.parametrize(
    "title", ["Pourquoi le beurre est-il si cher ?", "« Bonjour » dit le maire", "Was nun – und warum ?"]
)
def test_marks_that_stand_free_stay_with_their_word(title: str) -> None:
    for line in fitted(title, width=300).lines:
        assert line[0] not in "?»–"
        assert line[-1] != "«"


def test_opening_quotes_hang() -> None:
    setting = fitted("“Nobody told us it would hum” and other things", largest=80)

    assert lines.hanging(setting.lines[0], setting) > 10
    assert lines.hanging(setting.lines[1], setting) == 0


# --- Scripts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "font"),
    [
        ("Vì sao người Việt chuộng cà phê", faces.SERIF),
        ("Что меняется в SEO", faces.EASTERN),
        ("Πώς να διαλέξετε", faces.EASTERN),
        ("コーヒーを飲む東京", faces.JAPANESE),
        ("中国的城市", faces.CHINESE),
        ("서울의책방", faces.KOREAN),
        pytest.param("كيف تختار مضخة 2026", faces.ARABIC, marks=shaped),
        pytest.param("איך לבחור SEO", faces.HEBREW, marks=shaped),
        pytest.param("नया सवेरा", faces.DEVANAGARI, marks=shaped),
    ],
)
def test_a_title_is_set_in_one_face_that_has_it(title: str, font: faces.Font) -> None:
    kept, type_, missing = faces.settable(title)

    assert (kept, missing) == (title, "")
    assert {run.font for run in type_.runs(title)} == {font}


@shaped
def test_right_to_left_titles_are_laid_out_from_the_right() -> None:
    title, type_, _ = faces.settable("كيف تختار مضخة حرارية")
    layout, setting = cards._laid_out(title, type_, LAYOUTS)

    assert setting is not None
    assert layout.rtl
    assert layout.title.right == WIDTH - LAYOUTS[0].title.left
    assert layout.field.left == 0


@shaped
def test_arabic_letters_join() -> None:
    _, type_, _ = faces.settable("ببب")

    assert type_.length("ببب") < 0.8 * 3 * type_.length("ب")


def test_a_script_that_must_be_shaped_is_left_out_where_it_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "SHAPED", False)
    faces.draws.cache_clear()
    try:
        kept, type_, _ = faces.settable("Kettle كيف")
    finally:
        faces.draws.cache_clear()

    assert (kept, type_.rtl) == ("Kettle", False)


def test_the_fonts_stay_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in faces.FOLDER.iterdir()) < 2 * 1024 * 1024


# --- Colours ----------------------------------------------------------------------------------------------------


def readable(ground: colours.Ground) -> bool:
    letters = colours.contrast(ground.paper, ground.letters) >= colours.READS
    return letters and colours.contrast(ground.paper, ground.pencil) >= colours.SEEN


def test_contrast_is_what_the_standard_says() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_whatever_a_brands_colours_are_the_card_can_be_read() -> None:
    dice = random.Random(4)
    brands = [tuple(f"#{dice.randrange(1 << 24):06x}" for _ in range(n % 6 + 1)) for n in range(100)]

    for brand in [(), ("#777777",), ("#ffffff",), ("#000000", "#ffffff"), *brands]:
        assert all(readable(ground) for ground in colours.grounds(brand)), brand


def test_a_brands_colour_is_the_paper_of_a_card(settings) -> None:
    settings.CARD_COLOURS = ["#0b5d3b", "#f2b705"]

    papers = {opened(card("A kettle", seed=seed)).getpixel((1190, 20)) for seed in range(5)}

    assert {(0x0B, 0x5D, 0x3B), (0xF2, 0xB7, 0x05)} <= papers


def test_a_colour_that_is_none_is_refused_at_start_by_name() -> None:
    environment = {**os.environ, "COPYDESK_CARD_COLOURS": "#16357f,brick"}

    started = subprocess.run(
        [sys.executable, "-c", "import config.settings"], env=environment, capture_output=True, text=True, check=False
    )

    assert started.returncode
    assert (
        "COPYDESK_CARD_COLOURS takes one to six colours such as #16357f,#f2b705; it is #16357f,brick." in started.stderr
    )
