"""What `python main.py` understands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_core.folders import CHECKOUT, Folders
from comfy_core.preview_method import METHODS
from web.server.cli.account_commands import add_account_commands

if TYPE_CHECKING:
    from execution.cache import CacheSettings
    from execution.engine import EngineSettings
    from execution.worker import Worker

GIB = 1 << 30
COMMANDS = ("serve", "run", "explain", "verify", "export", "user", "token")
MEMORY_FLAGS = (
    "lowvram",
    "highvram",
    "novram",
    "reserve_vram",
    "attention",
    "unet_type",
    "vae_type",
    "text_type",
)


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line. Without a command it is `serve`, so `python main.py --port 8189` serves."""
    if not words or words[0] not in (*COMMANDS, "-h", "--help"):
        words = ["serve", *words]
    return _parser().parse_args(words)


def folders_of(options: argparse.Namespace) -> Folders:
    """Where files lie by these options. Raises ValueError when a list of model folders cannot be read."""
    from comfy_core.model_paths import NAME, read_model_paths

    files = [path for path in (options.base_directory / NAME,) if path.is_file()] + options.extra_model_paths_config
    return Folders(
        base=options.base_directory,
        output=options.output_directory,
        input=options.input_directory,
        temp=options.temp_directory and options.temp_directory / "temp",  # never empty a folder that others use
        user=options.user_directory,
        extra=tuple(folder for file in files for folder in read_model_paths(file)),
    )


def worker_of(options: argparse.Namespace, *, in_process: bool) -> Worker:
    """The worker that the options ask for; nothing is started yet."""
    from execution.worker import WorkerSettings

    settings = WorkerSettings.at(
        folders_of(options),
        cpu=options.cpu,
        verbose=options.verbose,
        options=memory_options(options),
        cache=cache_settings(options),
        checkpoint_seconds=options.checkpoint_seconds,
        checkpoint_steps=options.checkpoint_steps,
        disable_metadata=options.disable_metadata,
        preview_method=options.preview_method,
    )
    if in_process:
        from execution.workers.in_process import InProcessWorker

        return InProcessWorker(settings)
    from execution.workers.subprocess import SubprocessWorker

    return SubprocessWorker(settings)


def engine_settings(options: argparse.Namespace) -> EngineSettings:
    """How the queue and the history are kept, and how long prompts may take."""
    from execution.engine import EngineSettings
    from execution.limits import Limits

    return EngineSettings(
        durable=options.durable == "full",
        longest_history=options.history_size,
        history_days=options.history_days,
        limits=Limits(job=options.job_timeout, node=options.node_timeout),
    )


def memory_options(options: argparse.Namespace) -> dict[str, Any]:
    """The memory flags that were given, as `comfy_core.memory.devices.configure` takes them."""
    given = {name: getattr(options, name) for name in MEMORY_FLAGS}
    return {name: value for name, value in given.items() if value}


def cache_settings(options: argparse.Namespace) -> CacheSettings:
    """What is kept of nodes that ran, by the `--cache-…` flags."""
    from execution.cache import CacheSettings

    in_gib = (options.cache_ram or []) + [0.0, 0.0]
    mode: Any = next((mode for mode in ("classic", "lru", "none") if getattr(options, f"cache_{mode}")), "ram")
    return CacheSettings(
        mode=mode,
        bytes=int(in_gib[0] * GIB),
        spare=int(in_gib[1] * GIB),
        results=options.cache_lru,
        disk=str(options.cache_disk.resolve()) if options.cache_disk else "",
        disk_bytes=int(options.cache_disk_size * GIB),
        watch=options.debug_cache,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description="Easel: a node-graph engine for image models.")
    commands = parser.add_subparsers(dest="command", metavar="{serve,run,explain,verify,export}")
    _serve(commands.add_parser("serve", help="start the server and the editor (the default)"))
    _run(commands.add_parser("run", help="run one workflow and exit"))
    _explain(commands.add_parser("explain", help="say what a workflow would do if it ran now"))
    _verify(commands.add_parser("verify", help="make a picture again and say whether it is the same"))
    _export(commands.add_parser("export", help="write a workflow as a Python script"))
    add_account_commands(commands, _folders)
    return parser


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        nargs="?",
        const="0.0.0.0,::",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="addresses to listen on and host names to answer to, with commas; without a value: all addresses",
    )
    parser.add_argument("--port", type=_port, default=8188, help="the port (default: 8188)")
    parser.add_argument(
        "--front-end",
        choices=("easel", "official"),
        default="easel",
        help="the page to serve: Easel's editor, or ComfyUI's own (pip install 'easel[official]')",
    )
    parser.add_argument("--front-end-root", type=Path, metavar="DIR", help="serve another front end: a built web page")
    parser.add_argument(
        "--enable-cors-header",
        nargs="?",
        const="*",
        metavar="ORIGIN",
        help="let web pages of ORIGIN use this server; without a value: those of all sites",
    )
    parser.add_argument("--multi-user", action="store_true", help="users sign in, and each has their own; see user -h")
    parser.add_argument("--token", help="the token to ask for (default: one of its own; also as EASEL_TOKEN)")
    parser.add_argument(
        "--no-token", action="store_true", help="ask nobody for a token, even where the network reaches this server"
    )
    parser.add_argument("--tls-keyfile", type=Path, metavar="FILE", help="serve HTTPS: the private key (PEM)")
    parser.add_argument("--tls-certfile", type=Path, metavar="FILE", help="serve HTTPS: the certificate (PEM)")
    parser.add_argument("--enable-compress-response-body", action="store_true", help="compress JSON and text answers")
    parser.add_argument("--max-upload-size", type=_positive, default=100.0, metavar="MB", help="default: 100")
    _queue(parser)
    parser.add_argument("--in-process", action="store_true", help="run nodes inside the server process (debugging)")
    parser.add_argument(
        "--checkpoint-seconds",
        type=_positive,
        default=10.0,
        metavar="T",
        help="how often a sampler's progress is written down, to go on from after a crash; 0: not by time",
    )
    parser.add_argument(
        "--checkpoint-steps", type=_count, default=0, metavar="K", help="also after every K calls of a model"
    )
    browser = parser.add_mutually_exclusive_group()
    browser.add_argument(
        "--auto-launch", dest="auto_launch", action="store_true", default=None, help="open the browser"
    )
    browser.add_argument("--disable-auto-launch", dest="auto_launch", action="store_false", help="never open it")
    _common(parser)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "workflow", type=Path, help="a saved workflow, an API prompt, or a picture (PNG, WebP, JPEG) that carries one"
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="NODE.INPUT=VALUE",
        help='change an input, e.g. --set "6.text=a red apple"; may be repeated',
    )
    parser.add_argument("--seed", type=int, metavar="N", help="set every seed of the workflow")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the picture goes (more: FILE_1, FILE_2 …)")
    parser.add_argument("--server", metavar="URL", help="let a server that runs already do it")
    parser.add_argument("--token", help="the token that this server asks for")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)  # nothing goes on after a run that ended
    parser.add_argument("--subprocess", action="store_true", help="run nodes in a process of their own")
    _common(parser)


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", type=Path, help="a saved workflow, an API prompt, or a picture that carries one")
    parser.add_argument("--json", action="store_true", help="all that is known, as POST /explain tells it")
    parser.add_argument("--server", metavar="URL", help="ask a server that runs: it knows what it has in memory")
    parser.add_argument("--token", help="the token that this server asks for")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    _common(parser)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.description = "Exit code: 0 identical, 1 different, 2 it cannot be told."
    parser.add_argument("picture", type=Path, help="a picture that Easel saved")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    _common(parser)


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflow", type=Path, help="a saved workflow, an API prompt, or a picture that carries one")
    parser.add_argument("--python", action="store_true", required=True, help="as a Python script")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: to the terminal)")
    parser.set_defaults(checkpoint_seconds=0.0, checkpoint_steps=0)
    _common(parser)


def _common(parser: argparse.ArgumentParser) -> None:
    _folders(parser)
    parser.add_argument("--cpu", action="store_true", help="use no accelerator")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--highvram", action="store_true", help="keep models on the device")
    memory.add_argument("--lowvram", action="store_true", help="keep only parts of models on the device")
    memory.add_argument("--novram", action="store_true", help="keep no models on the device")
    parser.add_argument("--reserve-vram", type=_positive, metavar="GB", help="device memory to leave to others")
    _arithmetic(parser)
    _cache(parser)
    parser.add_argument(
        "--preview-method",
        choices=METHODS,
        default="auto",
        help="pictures while sampling: none, rough colours, or by a TAESD in models/vae_approx/ (default: auto)",
    )
    parser.add_argument("--disable-metadata", action="store_true", help="saved files do not tell how they were made")
    parser.add_argument("--verbose", action="store_true", help="say more, with tracebacks")


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-directory", type=Path, default=CHECKOUT, metavar="DIR", help="where models/, input/, output/ … are"
    )
    parser.add_argument("--output-directory", type=Path, metavar="DIR", help="where pictures go (default: output/)")
    parser.add_argument("--input-directory", type=Path, metavar="DIR", help="where uploads go (default: input/)")
    parser.add_argument("--temp-directory", type=Path, metavar="DIR", help="where to make temp/, emptied at each start")
    parser.add_argument("--user-directory", type=Path, metavar="DIR", help="queue, history, settings (default: user/)")
    parser.add_argument(
        "--extra-model-paths-config",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="more folders of models: extra_model_paths.yaml files, besides the one in the base directory",
    )


def _queue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--durable",
        choices=("normal", "full"),
        default="normal",
        help="full: a prompt is on the disk itself before it is taken (default: within a second)",
    )
    parser.add_argument(
        "--history-size", type=_count, default=10_000, metavar="N", help="prompts to remember (default: 10000)"
    )
    parser.add_argument(
        "--history-days", type=_positive, default=365.0, metavar="DAYS", help="and for how long (default: 365)"
    )
    parser.add_argument("--job-timeout", type=_positive, default=0.0, metavar="S", help="seconds a prompt may take")
    parser.add_argument("--node-timeout", type=_positive, default=0.0, metavar="S", help="seconds one node may take")


def _cache(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--cache-ram",
        type=_positive,
        nargs="*",
        action=_AtMostTwo,
        metavar="GB",
        help="keep results of nodes up to so many GB, and leave so many GB to other programs (the default: a quarter "
        "and a twentieth of the memory)",
    )
    kinds.add_argument("--cache-classic", "--high-ram", action="store_true", help="keep what the last prompt used")
    kinds.add_argument("--cache-lru", type=_count, default=0, metavar="N", help="keep the N results used last")
    kinds.add_argument("--cache-none", action="store_true", help="keep no result longer than its consumers need it")
    parser.add_argument("--cache-disk", type=Path, metavar="DIR", help="keep results in a folder, over restarts, too")
    parser.add_argument("--cache-disk-size", type=_positive, default=20.0, metavar="GB", help="default: 20")
    parser.add_argument("--debug-cache", action="store_true", help="find nodes that change their inputs (slow)")


class _AtMostTwo(argparse.Action):
    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        if len(values) > 2:
            parser.error(f"{option} takes at most two numbers")
        setattr(namespace, self.dest, values)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _arithmetic(parser: argparse.ArgumentParser) -> None:
    """How attention is computed, and in which types; flags by the names that ComfyUI gave them."""
    ways = parser.add_mutually_exclusive_group()
    for way, meaning in (
        ("pytorch", "compute attention with torch's kernel (the default)"),
        ("split", "compute attention for some queries at a time"),
        ("quad", "compute attention for some queries and keys at a time: the least memory"),
    ):
        ways.add_argument(
            f"--use-{way}-cross-attention", dest="attention", action="store_const", const=way, help=meaning
        )
    for name, network in (("unet", "diffusion models"), ("vae", "VAEs"), ("text-enc", "text encoders")):
        types = parser.add_mutually_exclusive_group()
        for type_ in ("fp32", "fp16", "bf16"):
            types.add_argument(
                f"--{type_}-{name}",
                dest=f"{name.partition('-')[0]}_type",
                action="store_const",
                const=type_,
                help=f"{network} compute in {type_}",
            )


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are numbers from 1 to 65535")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no size")
    return number
