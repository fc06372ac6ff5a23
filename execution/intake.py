"""How a prompt is taken: read, judged, and in the database before the answer goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from comfy_core.folders import Folders
from execution import problems
from execution.catalogue import Catalogue
from execution.checks import classes_of, nodes_have_a_say
from execution.dispatcher import Dispatcher
from execution.history import presentable_number
from execution.replacements import with_replacements
from execution.store import StoredJob
from execution.submission import Counter, Rejected, Submission, Submitted, read_request
from execution.validate import Validation, is_quick, validate
from execution.worker import Worker


class QueueUnwritable(Exception):
    """A prompt was in order and could not be taken: there is no room, or the database is gone. The text says which."""


class Intake:
    """`counter` gives prompts their queue numbers."""

    def __init__(
        self,
        workers: Sequence[Worker],
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        folders: Folders,
    ) -> None:
        self.counter = Counter(0)
        self._workers = workers
        self._worker = workers[0]
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._folders = folders

    async def submit(self, request: dict[str, Any], owner: str | None = None) -> Submitted:
        """See `Engine.submit`."""
        services = self._worker.services()
        if services is not None and services.rewrites_prompts:
            request = await self._worker.ask("rewrite", request) or request
        submission = read_request(request, self.counter)
        prompt = await self._with_replacements(submission.prompt)
        validation = await self.validate(prompt, submission.targets)
        if validation.error is not None:
            raise Rejected(validation.error, validation.node_errors)
        number = await self._enqueue(submission, validation, owner)
        return Submitted(submission.prompt_id, presentable_number(number), validation.node_errors)

    async def _with_replacements(self, prompt: Any) -> Any:
        """Nodes of classes that are no more, done by those that stand in for them."""
        schemas = self._catalogue.schemas
        if classes_of(prompt) <= schemas.keys():
            return prompt
        await self._catalogue.worker_has_answered()
        services = self._worker.services()
        return with_replacements(prompt, self._catalogue.schemas, services.replacements) if services else prompt

    async def validate(self, prompt: Any, targets: Any = None) -> Validation:
        """Check an API prompt (see `execution.validate.Validation`), where need be with the nodes' own checks."""
        found = await self._validate_by_catalogue(prompt, targets)
        has_problems = found.error is not None or bool(found.node_errors)
        if nodes_have_a_say(prompt, self._catalogue.schemas, has_problems):
            await self._catalogue.worker_has_answered()
            return await self._checked_by_nodes(prompt, targets) or found
        return found

    async def _checked_by_nodes(self, prompt: Any, targets: Any) -> Validation | None:
        """By those of the first worker; of another one while that cannot tell. None: nobody can."""
        for worker in self._workers:
            if (judged := await worker.check(prompt, targets)) is not None:
                return judged
        return None

    async def _validate_by_catalogue(self, prompt: Any, targets: Any) -> Validation:
        """What the catalogue of the last start finds wrong is judged again by the worker's own, once that is up."""
        validation = await self._judge(prompt, targets)
        if (validation.error is None and not validation.node_errors) or self._catalogue.is_fresh:
            return validation
        await self._newest_catalogue()
        if not self._catalogue.schemas:
            reason = self._catalogue.failure or "It has loaded no nodes."
            return Validation(error=problems.problem("worker_unavailable", "The worker is not available", reason))
        return await self._judge(prompt, targets)

    async def _judge(self, prompt: Any, targets: Any) -> Validation:
        judge = partial(validate, prompt, self._catalogue.schemas, self._folders, targets)
        return judge() if is_quick(prompt, self._catalogue.schemas) else await asyncio.to_thread(judge)

    async def _enqueue(self, submission: Submission, validation: Validation, owner: str | None) -> float:
        """Write the job; its queue number. The same prompt under the same id, sent again, is still one job."""
        job = StoredJob(
            id=submission.prompt_id,
            number=submission.number,
            prompt=validation.prompt,
            extra_data=submission.extra_data,
            targets=validation.outputs,
            created_at=submission.extra_data["create_time"],
            owner=owner,
        )
        is_new = job.id not in self._dispatcher.waiting
        try:
            known = await asyncio.shield(self._dispatcher.add(job))
        except BaseException as error:
            if is_new:
                self._dispatcher.forget(job.id)
            if isinstance(error, sa.exc.SQLAlchemyError):
                raise QueueUnwritable(f"the queue cannot be written: {getattr(error, 'orig', error)}") from error
            raise
        if known is not None:
            if known.status != "pending":
                self._dispatcher.forget(job.id)
            return _number_of_same(known, job)
        if job.status == "pending":
            self._dispatcher.tell_status()
        return job.number

    async def _newest_catalogue(self) -> None:
        await self._catalogue.worker_has_answered()
        if self._catalogue.failure is not None:
            await self._catalogue.bring_up()


def _number_of_same(known: StoredJob, job: StoredJob) -> float:
    if not known.is_same_work(job):
        details = f"prompt_id {job.id} belongs to another prompt that is {known.status}; choose a new one"
        raise Rejected(problems.problem("duplicate_prompt_id", "prompt_id is in use", details))
    return known.number
