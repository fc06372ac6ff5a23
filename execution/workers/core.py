"""What really works inside every worker: the loaded nodes, the output cache, the executor. One job at a time."""

from __future__ import annotations

import importlib.metadata
import math
import secrets
import sys
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from comfy_core import folders, preview_method
from comfy_core.folders import CHECKOUT
from comfy_core.journal import Keeper
from comfy_core.media import metadata
from execution import checks
from execution.cache import make_cache
from execution.cache.provided import ProvidedCache
from execution.events import AnyEvent, Executing
from execution.executor import Executor
from execution.explain import Forecast, explain
from execution.figures import Figures
from execution.graph import GraphNode
from execution.load_nodes import load_nodes, prepare_packs
from execution.packs import code_of
from execution.peak_memory import NO_DEVICE
from execution.place import Place
from execution.restored import Settings, restore_tensors, restored
from execution.schemas import schema_now
from execution.validate import Validation, validate
from execution.why import Past
from execution.worker import Heard, Job, ModelFolders, PackServices, WorkerSettings
from nodes import recipe, registry
from nodes.schema import NodeSchema


def prepare(settings: WorkerSettings) -> None:
    """What can be done before a worker is wanted, beside one that still works: run the packs' prestartup scripts, then
    import our nodes, and with them torch. A module that fails is named when the nodes are loaded in earnest.
    """
    where = settings.folders
    folders.use(where)
    registry.HOST.arguments = settings.arguments
    registry.HOST.begin()
    prepare_packs(where.custom_nodes)
    load_nodes(settings.packages, on_failure=lambda module, error: None)


class WorkerCore:
    """Made where it will work, in the worker's thread or process, after `prepare`."""

    def __init__(
        self,
        settings: WorkerSettings,
        say: Heard = lambda kind, data, client: None,
        broken: Callable[[Job], None] = lambda job: None,
    ) -> None:
        """`say` passes on what packs say outside of a run; for `broken` see `Executor`."""
        self._unwanted: str | None = None
        self._current = ""
        self._place: Place | None = None
        self._before: Settings
        registry.HOST.replacements.clear()
        registry.HOST.interrupt = self._interrupt_current
        registry.HOST.say = say
        registry.HOST.arguments = settings.arguments
        where = settings.folders
        folders.use(where)
        metadata.configure(not settings.disable_metadata)
        preview_method.configure(settings.preview_method)
        # A worker with nothing but custom nodes (tests, tiny tools) does without torch, and so without devices.
        self._has_devices = bool(settings.packages)
        if self._has_devices:
            _devices().configure(cpu=settings.cpu, **settings.options)
        self.nodes = load_nodes(settings.packages, where.custom_nodes)
        self.cache = ProvidedCache(make_cache(settings.cache, self._world() if settings.cache.disk else ""))
        self._executor = Executor(
            self.nodes,
            self.cache,
            free=self._free_models,
            around=_without_gradients,
            after=self._restore_tensors,
            broken=broken,
            keeper=lambda job: keeper_of(job, settings),
            device=_devices() if self._has_devices else NO_DEVICE,
            watch=settings.cache.watch,
            figures=Figures(where.user / "node_figures.json"),
            past=Past(where.user / "node_past.json"),
        )
        self.services = self._start_services()

    def catalogue(self) -> list[NodeSchema]:
        return [node.schema for node in self.nodes.values()]

    def run(self, job: Job, emit: Callable[[AnyEvent], None]) -> None:
        """See `Executor.run`."""
        recipe.prepare(job.prompt)
        self._current = job.prompt_id
        self.cache.tell("on_prompt_start", job.prompt_id)
        place = folders.of_user(folders.current(), job.user)
        preview = preview_method.using(job.extra_data.get("preview_method"))
        with preview, folders.using(place), restored(f"prompt {job.prompt_id}") as before:
            self._before = before
            self._executor.run(job, self._noting(job, emit), lambda: self._unwanted == job.prompt_id)
        self.cache.tell("on_prompt_end", job.prompt_id)
        if self._unwanted == job.prompt_id:
            self._unwanted = None

    def _restore_tensors(self, node: GraphNode) -> None:
        restore_tensors(self._before, node.title)

    def _noting(self, job: Job, emit: Callable[[AnyEvent], None]) -> Callable[[AnyEvent], None]:
        """`emit` that notes at which node the job is, before anything else can happen."""
        if not job.place:
            return emit
        if self._place is None or str(self._place.path) != job.place:
            self._place = Place(Path(job.place))
        enter = self._place.enter

        def note(event: AnyEvent) -> None:
            if isinstance(event, Executing) and event.node is not None:
                enter(job.prompt_id, event.of_prompt(job.prompt))
            emit(event)

        return note

    def answer(self, question: str, *arguments: Any) -> Any:
        """What the server may ask, by name; may be called beside a run. Raises KeyError for anything else."""
        answers: dict[str, Callable[..., Any]] = {
            "check": self.check,
            "explain": self.explain,
            "reread_schemas": self.reread_schemas,
            "rewrite": registry.HOST.rewrite,
        }
        return answers[question](*arguments)

    def check(self, prompt: dict[str, Any], targets: Any = None) -> Validation:
        """Validate with the nodes' own checks and their inputs as they are now."""
        return validate(prompt, self._schemas(checks.classes_of(prompt)), folders.current(), targets, self.nodes)

    def explain(self, prompt: dict[str, Any], targets: Any = None) -> Forecast:
        """What the prompt would do if it ran now."""
        schemas = self._schemas(checks.classes_of(prompt))
        validation = validate(prompt, schemas, folders.current(), targets, self.nodes)
        return explain(self._executor, schemas, prompt, validation)

    def reread_schemas(self) -> list[NodeSchema]:
        """As they are now, of the nodes whose inputs may change."""
        names = {name for name, node in self.nodes.items() if node.reread is not None}
        schemas = self._schemas(names)
        return [schemas[name] for name in sorted(names)]

    def _schemas(self, current: Collection[str]) -> dict[str, NodeSchema]:
        """All schemas; those of the classes in `current` read anew."""
        schemas = {name: node.schema for name, node in self.nodes.items()}
        return schemas | {name: schema_now(self.nodes[name]) for name in schemas.keys() & set(current)}

    def _start_services(self) -> PackServices:
        """What the packs offer besides nodes; their routes are served from now on."""
        key = secrets.token_urlsafe(32)
        routes, address = registry.HOST.serve(key)
        return PackServices(
            routes=tuple(routes),
            address=address,
            key=key,
            web={str(name): str(folder) for name, folder in registry.WEB_DIRECTORIES.items()},
            models={kind: ModelFolders(*one) for kind, one in registry.HOST.model_folders().items()},
            rewrites_prompts=registry.HOST.rewrites(),
            replacements=dict(registry.HOST.replacements),
        )

    def interrupt(self, prompt_id: str) -> None:
        """May be called from any thread, also before the job has arrived here."""
        self._unwanted = prompt_id

    def _interrupt_current(self, wanted: bool) -> None:
        """A pack stops the run that is under way."""
        self._unwanted = self._current if wanted else None

    def free(self, unload_models: bool, free_memory: bool) -> None:
        if free_memory:
            self.cache.clear()
        if unload_models:
            self._free_models()

    def keep(self) -> None:
        """See `Executor.keep`."""
        self._executor.keep()

    def stats(self) -> dict[str, Any]:
        return {
            "devices": _devices().stats() if self._has_devices else [],
            "pytorch_version": _version_of("torch"),
            "cache_bytes": self.cache.bytes,
            "checks": checks.under_way(),
        }

    def _world(self) -> str:
        """What results depend on besides the graph: our code, torch, the device."""
        devices = [one["name"] for one in _devices().stats()] if self._has_devices else []
        return f"{code_of([CHECKOUT / 'comfy_core', CHECKOUT / 'nodes'])} {_version_of('torch')} {devices}"

    def _free_models(self) -> None:
        if self._has_devices:
            from comfy_core.memory import residency

            residency.free_all()


def keeper_of(job: Job, settings: WorkerSettings) -> Keeper | None:
    """Where the samplers of a job keep their progress; None where nothing is to be kept."""
    if not job.folder or not (settings.checkpoint_seconds or settings.checkpoint_steps):
        return None
    seconds = settings.checkpoint_seconds or math.inf
    return Keeper(f"{job.folder}/progress", seconds, settings.checkpoint_steps)


def _devices() -> Any:
    from comfy_core.memory import devices

    return devices


def _without_gradients() -> AbstractContextManager[Any]:
    """torch's inference mode, if a node has brought torch in: this package itself never imports it."""
    torch = sys.modules.get("torch")
    return torch.inference_mode() if torch is not None else nullcontext()


def _version_of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
