"""A contact sheet of typographic cards, to be looked at: `python tests/contact_sheet.py docs/screens/cards.png`.

With --large FOLDER it also keeps each card as it is.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from PIL import Image

TITLES = (
    "A kettle that lasts for twenty years",
    "Kettle",
    "Wärmepumpenförderung: was Eigenheimbesitzer jetzt wissen müssen",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
    "東京の小さな喫茶店でコーヒーを飲む",
    "中国的城市如何应对越来越热的夏天",
    "서울의 오래된 골목에서 찾은 작은 책방",
    "☕ Five small rituals for a calmer Monday 🌱",
    "كيف تختار مضخة حرارية لمنزل قديم",
    "Что меняется в налогах для малого бизнеса с 2026 года",
    "Πώς να διαλέξετε μια αντλία θερμότητας",
    "Vì sao người Việt ngày càng chuộng cà phê đặc sản",
    "12,480 kWh in 365 days: what one roof really made",
    "איך לבחור משאבת חום לבית ישן",
    "छोटे शहरों में सौर ऊर्जा का नया सवेरा",
    "“Nobody told us it would hum”: four neighbours on a heat pump, a fence and a long winter",
    "IS YOUR HOUSE READY?",
    "Łódź, Gdańsk, Kraków: żółte tramwaje wracają",
    "Donaudampfschifffahrtsgesellschaftskapitän geht in Rente",
    "Pourquoi le beurre coûte-t-il si cher ?",
    "Why GPT-5 won’t write your blog (and what to do about it)",
    "What we learned from reading three hundred energy bills, visiting forty-one houses, talking to nine installers, "
    "two councils and one very patient grandmother in Leeds, and then rebuilding the whole spreadsheet from nothing "
    "because a single cell had been counting the month of February twice since 2019",
    "Ein Haus, kein Gas",
    "2026",
)
ACROSS, WIDTH, GAP = 4, 380, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--large", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from media_gen.sources import get
    from media_gen.sources.base import Request

    height = WIDTH * 630 // 1200
    rows = -(-len(TITLES) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * (WIDTH + GAP) + GAP, rows * (height + GAP) + GAP), "#fcfbf7")
    for number, title in enumerate(TITLES):
        request = Request(title=title, seed=options.seed, category="Home", site="The Working House")
        made = next(get("card")(request))
        card = Image.open(io.BytesIO(made.image)).convert("RGB")
        look = " ".join(str(made.provenance[name]) for name in ("ground", "layout", "motif"))
        print(f"{made.seconds:.2f} s  {len(made.image):6} bytes  {look:28} {title[:50]}")
        if options.large:
            options.large.mkdir(parents=True, exist_ok=True)
            card.save(options.large / f"{number:02}.png")
        at = (GAP + number % ACROSS * (WIDTH + GAP), GAP + number // ACROSS * (height + GAP))
        sheet.paste(card.resize((WIDTH, height), Image.Resampling.LANCZOS), at)
    sheet.quantize(128, dither=Image.Dither.NONE).save(options.sheet, optimize=True)


if __name__ == "__main__":
    main()
