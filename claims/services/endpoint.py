"""Asks a language model behind an OpenAI-compatible endpoint.

The one module that knows the client library, which is imported when it is first needed: that takes as long as starting the site.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from claims.extraction.questions import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

MAX_RETRIES = 2
"""So often a request is sent again that was refused for now (429, a server's error, no connection), after the pause that was asked for."""
SHUT = (401, 403, 404)
"""The refusals that are about the key or the address, and not about what is asked."""
MAX_BODY = 256 * 1024
"""Bytes of the longest response that is read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: what the model said, or None and the problem in a sentence.

    `reached` is False where no model can have seen it: there was no connection, or the door was shut (`SHUT`). Whoever else is asked
    fares no better then.
    """

    content: str | None
    problem: str = ""
    reached: bool = True


def ask(prompts: Sequence[Sequence[Message]], *, seconds: float) -> list[Answer]:
    """Return the answers to prompts that are sent side by side, each after `seconds` at most, retries included.

    Raises nothing for whatever the endpoint does.
    """
    return asyncio.run(_ask_all(prompts, seconds))


async def _ask_all(prompts: Sequence[Sequence[Message]], seconds: float) -> list[Answer]:
    try:
        client = _make_client(seconds)
    except Exception as error:  # an address or a proxy that is none: each part of the library has errors of its own for that
        logger.warning("the second reader can't be asked with these settings and proxies: %s", type(error).__name__)
        return [Answer(None, f"its address or a proxy can't be used ({type(error).__name__})", reached=False)] * len(prompts)
    async with client:
        return await asyncio.gather(*(_ask(client, prompt, seconds) for prompt in prompts))


def _make_client(seconds: float) -> AsyncOpenAI:
    import openai  # not at the top: see above

    # A redirect would take the text, and perhaps the key, to somebody whom nobody chose.
    http = openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=seconds, event_hooks={"response": [_leave_errors_unread]})
    return openai.AsyncOpenAI(
        base_url=settings.SECOND_READER_BASE_URL,
        api_key=settings.SECOND_READER_KEY or "none",  # a server of one's own may want none, but the library does
        timeout=seconds,
        max_retries=MAX_RETRIES,
        http_client=http,
        # What is packed could grow without bounds in the hands of the library.
        default_headers={"Accept-Encoding": "identity"},
    )


async def _leave_errors_unread(response: Any) -> None:
    """Close a refusal: its text is of no use, and nobody bounds its length."""
    if response.status_code >= 300:
        await response.aclose()


async def _ask(client: AsyncOpenAI, prompt: Sequence[Message], seconds: float) -> Answer:
    import openai

    try:
        # The library bounds each step, this bounds all of them: a server may send a byte a second for ever.
        async with asyncio.timeout(seconds):
            return Answer(_read_content(await _receive(client, prompt)))
    except (TimeoutError, openai.APITimeoutError):
        return Answer(None, f"no answer within {seconds:g} seconds")
    except openai.APIConnectionError as error:
        # By name: the library chooses its transport. All else broke off after somebody had taken the request, and may be paid for.
        if type(error.__cause__).__name__ == "ConnectError":
            return Answer(None, "no connection", reached=False)
        return Answer(None, "the connection broke")
    except openai.APIStatusError as error:
        return Answer(None, f"refused with status {error.status_code}", reached=error.status_code not in SHUT)
    except _UnusableError as error:
        return Answer(None, str(error))
    except Exception as error:  # the library lets through whatever its own parts raise while a response is read
        logger.debug("the second reader's response could not be read", exc_info=True)
        return Answer(None, f"unreadable ({type(error).__name__})")


class _UnusableError(ValueError):
    pass


async def _receive(client: AsyncOpenAI, prompt: Sequence[Message]) -> bytes:
    """Return the body of a response, at most `MAX_BODY` of it."""
    # Nothing but what all of these endpoints take: some refuse a temperature, others either name of the bound on an answer's length.
    messages: Any = [{"role": role, "content": content} for role, content in prompt]
    body = bytearray()
    streaming = client.chat.completions.with_streaming_response
    async with streaming.create(model=settings.SECOND_READER_MODEL, messages=messages) as response:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _UnusableError("a packed response that nobody asked for")
        async for part in response.iter_bytes(16 * 1024):
            body += part
            if len(body) > MAX_BODY:
                raise _UnusableError("a response without end")
    return bytes(body)


def _read_content(body: bytes) -> str:
    """Return what the model said, as any database takes it. Raises `_UnusableError` for what is no chat completion."""
    try:
        said = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _UnusableError("no chat completion") from None
    if not isinstance(said, str):
        raise _UnusableError("no chat completion")
    return said.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")


def describe(problems: Mapping[str, int]) -> str:
    """Return problems with their counts as a line of a log: ours alone, nothing that an endpoint or a text has said."""
    return ", ".join(f"{problem} ({count})" for problem, count in sorted(problems.items()))
