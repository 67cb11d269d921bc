"""Seconds a picture of full-size SDXL takes on this GPU. Run alone: python tests/bench/big_gpu.py --json figures.json

The weights are random, so nothing is downloaded: the same arithmetic, and a picture of noise. Needs torch, diffusers
and transformers, and nothing of Copydesk. Times are of warm runs, from asking to the picture in the computer's memory:
text, every step and the enlarging. With guidance the model is asked twice a step; few-step models have none.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

# Stable Diffusion XL base 1.0, as its own configuration files have it: 3,469 million parameters.
FULL: dict[str, Any] = {
    "channels": (320, 640, 1280),
    "heads": (5, 10, 20),
    "blocks": (1, 2, 10),
    "texts": ((768, 12, 12, 3072), (1280, 32, 20, 5120)),  # width, layers, heads, inner width
    "vae": (128, 256, 512, 512),
}
TOY: dict[str, Any] = {
    "channels": (32, 32, 64),
    "heads": (2, 2, 4),
    "blocks": (1, 1, 2),
    "texts": ((32, 2, 2, 64), (32, 2, 2, 64)),
    "vae": (32, 32, 32, 32),
}
WORDS, TOKENS = 49_408, 77
# Steps and guidance: as SDXL is used, and as its few-step descendants are.
WAYS = {"30 steps": (30, 5.0), "4 steps": (4, 0.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts, after one that does not")
    parser.add_argument("--no-compile", action="store_true", help="only as it comes")
    parser.add_argument("--toy", action="store_true", help="small parts, to try this script where there is no GPU")
    parser.add_argument("--json", default="", help="write the figures to this file, after each of them")
    options = parser.parse_args()
    diffusers.utils.logging.set_verbosity_error()
    pipe = build(TOY if options.toy else FULL, options.device)
    figures: dict[str, Any] = {"about": about(options, pipe), "seconds": {}}
    for compiled in [False] if options.no_compile else [False, True]:
        if compiled:
            pipe.unet = torch.compile(pipe.unet, mode="default", fullgraph=True)
            pipe.vae.decode = torch.compile(pipe.vae.decode, mode="default", fullgraph=True)
        for batch in options.batches:
            for way, (steps, guidance) in WAYS.items():
                name = f"{way}, batch {batch}, {'compiled' if compiled else 'as it comes'}"
                figures["seconds"][name] = measure(pipe, options, batch, steps, guidance)
                print(name, figures["seconds"][name], flush=True)
                if options.json:
                    Path(options.json).write_text(json.dumps(figures, indent=1))


def build(size: dict[str, Any], device: str) -> StableDiffusionXLPipeline:
    """A pipeline whose parts are made where they will run; in bf16, which many a processor is slow at."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    torch.manual_seed(0)
    one, two = size["texts"]
    torch.set_default_dtype(dtype)
    with torch.device(device):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=size["channels"],
            layers_per_block=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=size["heads"],
            use_linear_projection=True,
            transformer_layers_per_block=size["blocks"],
            cross_attention_dim=one[0] + two[0],
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=two[0] + 6 * 256,
        )
        vae = AutoencoderKL(
            block_out_channels=size["vae"],
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            latent_channels=4,
            layers_per_block=2,
            sample_size=1024,
            scaling_factor=0.13025,
            force_upcast=False,
        )
        first, second = CLIPTextModel(text(one)), CLIPTextModelWithProjection(text(two))
    torch.set_default_dtype(torch.float32)
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
    )
    pipe = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=None,  # the texts are numbers: see measure
        tokenizer_2=None,
        unet=unet,
        scheduler=scheduler,
        add_watermarker=False,
    )
    for part in (unet, vae, first, second):
        part.eval().requires_grad_(False)
    if device.startswith("cuda"):
        unet.to(memory_format=torch.channels_last)
        vae.to(memory_format=torch.channels_last)
    vae.enable_slicing()
    pipe.set_progress_bar_config(disable=True)
    return pipe


def text(size: tuple[int, int, int, int]) -> CLIPTextConfig:
    width, layers, heads, inner = size
    return CLIPTextConfig(
        vocab_size=WORDS,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=TOKENS,
        projection_dim=width,
    )


def measure(
    pipe: StableDiffusionXLPipeline, options: argparse.Namespace, batch: int, steps: int, guidance: float
) -> dict[str, float]:
    """{first, batch, picture}: seconds of the first run, which may compile, of a later one, and of one of its pictures;
    peak_gb is the most memory that was held."""
    on_gpu = options.device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()

    def once() -> float:
        began = time.perf_counter()
        words, pooled = encode(pipe, options.device)
        pipe(
            prompt_embeds=words,
            pooled_prompt_embeds=pooled,
            negative_prompt_embeds=words,
            negative_pooled_prompt_embeds=pooled,
            width=options.size,
            height=options.size,
            num_inference_steps=steps,
            guidance_scale=guidance,
            num_images_per_prompt=batch,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in range(batch)],
        )
        if on_gpu:
            torch.cuda.synchronize()
        return time.perf_counter() - began

    first = once()
    later = statistics.median(once() for _ in range(options.runs))
    figures = {"first": round(first, 3), "batch": round(later, 3), "picture": round(later / batch, 3)}
    if on_gpu:
        figures["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    return figures


@torch.no_grad()
def encode(pipe: StableDiffusionXLPipeline, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the pipeline makes of a prompt, from 77 numbers instead of words."""
    tokens = torch.arange(1000, 1000 + TOKENS, device=device)[None]
    one = pipe.text_encoder(tokens, output_hidden_states=True)
    two = pipe.text_encoder_2(tokens, output_hidden_states=True)
    return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], dim=-1), two.text_embeds


def about(options: argparse.Namespace, pipe: StableDiffusionXLPipeline) -> dict[str, Any]:
    parts = (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2)
    return {
        "device": torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.processor(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "dtype": str(pipe.unet.dtype),
        "size": options.size,
        "million_parameters": round(sum(p.numel() for part in parts for p in part.parameters()) / 1e6),
        "weights": "random",
    }


if __name__ == "__main__":
    main()
