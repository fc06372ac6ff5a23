"""The whole training in one resumable command:

    python -m tools.starter.train

Each stage keeps its state in `tools/starter/work/`; started again, it goes on where it stopped. A GPU is used where
there is one. On two CPU cores the default budgets come to about two hours.
"""

from __future__ import annotations

import argparse

import torch

from tools.starter import diffusion, export, judge_encoder, vae


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vae-minutes", type=float, default=23)
    parser.add_argument("--diffusion-minutes", type=float, default=76)
    parser.add_argument("--polish-minutes", type=float, default=3)
    parser.add_argument("--chunks", type=int, default=6, help="chunks of 2,048 pictures to encode beforehand")
    parser.add_argument("--batch", type=int, default=diffusion.BATCH)
    parser.add_argument("--cpu", action="store_true", help="do not use the GPU")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() and not options.cpu else "cpu")
    autoencoder = vae.train(options.vae_minutes, device)
    pair, scale = diffusion.train(autoencoder, options.diffusion_minutes, options.chunks, device, options.batch)
    autoencoder = vae.polish(autoencoder, options.polish_minutes, device)
    export.export(autoencoder, pair, scale)
    judge_encoder.trained(device)
    print("now judge it: python -m tools.starter.judge")


if __name__ == "__main__":
    main()
