"""A Stable Diffusion XL model that fits into two megabytes: every part of the real one, small, with random weights.

What it paints is noise; how it paints it is diffusers' own code. `conftest.py` takes `tiny_sdxl` from here.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

# An entry for each byte, as it stands in a word and at its end, and the two marks around a text.
WORDS = 2 * 256
BEGIN, END = WORDS, WORDS + 1


@pytest.fixture(scope="session")
def tiny_sdxl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for COPYDESK_SDXL. It makes 64 × 64 pixels in eight steps in about a quarter of a second."""
    folder = tmp_path_factory.mktemp("sdxl") / "tiny"
    build(folder)
    folder.parent.chmod(0o755)
    return folder


def build(folder: Path, *, width: int = 16) -> None:
    """Write the model to `folder`; `width` is the channels of its widest layers, a multiple of 16."""
    import diffusers
    import torch
    import transformers
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    text = CLIPTextConfig(
        vocab_size=WORDS + 2,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=16,
        bos_token_id=BEGIN,
        eos_token_id=END,
        pad_token_id=END,
    )
    pipe = StableDiffusionXLPipeline(
        vae=AutoencoderKL(
            block_out_channels=[8, 8, 16, 16],
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=8,
            sample_size=64,
        ),
        text_encoder=CLIPTextModel(text),
        text_encoder_2=CLIPTextModelWithProjection(text),
        tokenizer=_tokenizer("<|endoftext|>"),
        tokenizer_2=_tokenizer("!"),
        unet=UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(width, 2 * width),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            transformer_layers_per_block=(1, 1),
            cross_attention_dim=2 * 16,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=16 + 6 * 8,  # the text, and six numbers of size and crop
            norm_num_groups=8,
        ),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
            timestep_spacing="leading",
        ),
        add_watermarker=False,
    )
    pipe.save_pretrained(folder)


def _tokenizer(pad: str) -> Any:
    """CLIP's own, with an alphabet and no words: every letter is a token."""
    from transformers import CLIPTokenizer

    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = [chr(byte) for byte in shown] + [chr(256 + place) for place, _ in enumerate(hidden)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, merges = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocabulary.write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
        merges.write_text("#version: 0.2\n")
        return CLIPTokenizer(str(vocabulary), str(merges), model_max_length=77, pad_token=pad)
