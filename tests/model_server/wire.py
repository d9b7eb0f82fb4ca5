"""How providers write down what they say: requests checked, answers and errors as bodies and as streams."""

from __future__ import annotations

import json
from typing import Any

from tests.model_server.answers import Answer, Received

OPENAI, ANTHROPIC = "/v1/chat/completions", "/v1/messages"
ANTHROPIC_FINISHES = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
OPENAI_FINISHES = {"stop": "stop", "length": "length", "refusal": "content_filter"}
STATUSES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class BadRequestError(Exception):
    """A request that the provider would not understand."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def check(received: Received, key: str, models: tuple[str, ...]) -> None:
    """Refuse what the provider itself would refuse.

    Raises:
        BadRequestError: with the provider's status and code.
    """
    body = received.body
    given = received.headers.get("Authorization", "").removeprefix("Bearer ")
    if key and key not in {given, received.headers.get("x-api-key")}:
        raise BadRequestError(401, "invalid_api_key")
    if body.get("model") not in models:
        raise BadRequestError(404, "model_not_found")
    roles = [message["role"] for message in body.get("messages", [])]
    if received.path == ANTHROPIC:
        if "anthropic-version" not in received.headers or not body.get("max_tokens"):
            raise BadRequestError(400, "invalid_request_error")
        if not roles or roles[0] != "user" or set(roles) - {"user", "assistant"}:
            raise BadRequestError(400, "invalid_request_error")
    elif not roles or set(roles) - {"system", "user", "assistant"}:
        raise BadRequestError(400, "invalid_request_error")


def error(path: str, status: int, code: str) -> dict[str, Any]:
    """The body of an error. As some providers do, it quotes the key: nobody may ever read it in a log."""
    kind = STATUSES.get(status, "server_error")
    message = "Something went wrong with the key sk-quoted-by-the-provider."
    if path == ANTHROPIC:
        return {"type": "error", "error": {"type": code or kind, "message": message}, "request_id": "req_1"}
    return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}


def whole(path: str, model: str, answer: Answer) -> dict[str, Any]:
    """An answer to a request that asked for no stream."""
    if path == ANTHROPIC:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": answer.text}],
            "stop_reason": ANTHROPIC_FINISHES.get(answer.finish, answer.finish),
            "stop_sequence": None,
            "usage": {"input_tokens": answer.tokens_in, "output_tokens": answer.tokens_out},
        }
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text},
        "finish_reason": OPENAI_FINISHES.get(answer.finish, answer.finish),
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
        "usage": _usage(answer),
    }


def events(path: str, model: str, answer: Answer) -> list[str]:
    """An answer as a stream: events of server-sent events."""
    if answer.events is not None:
        return list(answer.events)
    return _anthropic_events(model, answer) if path == ANTHROPIC else _openai_events(model, answer)


def _openai_events(model: str, answer: Answer) -> list[str]:
    def chunk(choices: list[dict[str, Any]], **more: Any) -> str:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
        return f"data: {json.dumps({**head, 'choices': choices, **more})}"

    def choice(delta: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "finish_reason": finish}]

    lines = [chunk(choice({"role": "assistant", "content": ""}))]
    lines += [chunk(choice({"content": piece})) for piece in answer.pieces]
    if answer.finish:
        lines.append(chunk(choice({}, OPENAI_FINISHES.get(answer.finish, answer.finish))))
        if answer.has_usage:
            lines.append(chunk([], usage=_usage(answer)))
        lines.append("data: [DONE]")
    return lines


def _anthropic_events(model: str, answer: Answer) -> list[str]:
    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}"

    usage = {"input_tokens": answer.tokens_in, "output_tokens": 1} if answer.has_usage else None
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    lines = [event("message_start", message=message)]
    lines.append(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    lines.append(event("ping"))
    lines += [
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        for piece in answer.pieces
    ]
    if answer.finish:
        lines.append(event("content_block_stop", index=0))
        delta = {
            "stop_reason": ANTHROPIC_FINISHES.get(answer.finish, answer.finish),
            "stop_sequence": None,
        }
        usage = {"output_tokens": answer.tokens_out} if answer.has_usage else None
        lines += [event("message_delta", delta=delta, usage=usage), event("message_stop")]
    return lines


def _usage(answer: Answer) -> dict[str, int]:
    total = answer.tokens_in + answer.tokens_out
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": answer.tokens_out,
        "total_tokens": total,
    }
