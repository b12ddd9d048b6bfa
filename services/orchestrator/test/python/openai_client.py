"""The official Python client against a gateway: what it relies on, one function each.

Prints `ok <name>` for each; the first that fails ends it with a traceback. OPENAI_BASE_URL and OPENAI_API_KEY are read
by the client itself; LISTING_KEY may only list models, SPENT_KEY has no message left.
"""

import asyncio
import json
import os
import time

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

CHAT_MODEL = os.environ["CHAT_MODEL"]
EMBEDDING_MODEL = os.environ["EMBEDDING_MODEL"]
QUESTION = [{"role": "user", "content": "Ça va, le café ? 東京 🏰"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

client = OpenAI(max_retries=0)


def with_key(name):
    return client.with_options(api_key=os.environ[name])


def raises(kind, status, code, ask):
    try:
        ask()
    except openai.APIStatusError as error:
        assert type(error) is kind, f"{type(error).__name__}: {error}"
        assert (error.status_code, error.code) == (status, code), (error.status_code, error.code)
        assert error.message and error.request_id.startswith("req_"), (error.message, error.request_id)
        return error
    raise AssertionError("nothing was raised")


def check_models():
    models = {model.id for model in client.models.list()}
    assert {CHAT_MODEL, EMBEDDING_MODEL} <= models, models
    assert client.models.retrieve(CHAT_MODEL).id == CHAT_MODEL


def check_chat():
    answer = client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION)
    assert "Ça va, le café ? 東京 🏰" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    added = answer.model_extra["bastide"]
    assert added["cost_usd"] > 0 and added["fallback"] is False, added


def check_headers():
    raw = client.chat.completions.with_raw_response.create(model=CHAT_MODEL, messages=QUESTION)
    assert raw.headers["x-request-id"].startswith("req_")
    assert float(raw.headers["x-gateway-cost-usd"]) > 0
    assert raw.headers["x-gateway-provider"] and raw.headers["x-ratelimit-limit-requests"]
    assert raw.parse().choices[0].message.content


def check_stream():
    plain = client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION)
    stream = client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION, stream=True)
    chunks = list(stream)
    assert all(chunk.choices for chunk in chunks), "a usage chunk that nobody asked for"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == plain.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"


def check_stream_usage():
    options = {"include_usage": True}
    stream = client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION, stream=True, stream_options=options)
    *chunks, last = list(stream)
    assert last.choices == [] and last.usage.completion_tokens > 0, last
    assert all(chunk.usage is None for chunk in chunks)


def check_left_stream():
    with client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION, stream=True) as stream:
        for _ in stream:
            break
    assert client.chat.completions.create(model=CHAT_MODEL, messages=QUESTION).id


def check_tools():
    asked = {"model": CHAT_MODEL, "messages": QUESTION, "tools": [WEATHER], "tool_choice": "required"}
    answer = client.chat.completions.create(**asked).choices[0]
    assert answer.finish_reason == "tool_calls"
    call = answer.message.tool_calls[0]
    assert call.function.name == "weather" and json.loads(call.function.arguments)["city"]
    with client.chat.completions.stream(**asked) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert streamed.function.arguments == call.function.arguments
    told = {"role": "tool", "tool_call_id": call.id, "content": "18 °C"}
    messages = [*QUESTION, answer.message.model_dump(exclude_none=True), told]
    assert client.chat.completions.create(model=CHAT_MODEL, messages=messages, tools=[WEATHER]).choices[0].message.content


def check_structured_output():
    class Forecast(BaseModel):
        city: str
        days: int

    answer = client.chat.completions.parse(model=CHAT_MODEL, messages=QUESTION, response_format=Forecast)
    assert isinstance(answer.choices[0].message.parsed, Forecast), answer


def check_images_and_unknown_fields():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content = [{"type": "text", "text": "What is this?"}, image]
    messages = [{"role": "user", "content": content}]
    extra = {"a_field_of_tomorrow": {"deep": [1, 2]}}
    answer = client.chat.completions.create(model=CHAT_MODEL, messages=messages, extra_body=extra)
    assert "What is this?" in answer.choices[0].message.content


def check_embeddings():
    texts = ["one", "two"]
    packed = client.embeddings.create(model=EMBEDDING_MODEL, input=texts)
    plain = client.embeddings.create(model=EMBEDDING_MODEL, input=texts, encoding_format="float")
    assert [item.index for item in packed.data] == [0, 1] and packed.usage.prompt_tokens > 0
    for one, other in zip(packed.data, plain.data, strict=True):
        assert len(one.embedding) == len(other.embedding) > 0
        assert all(abs(a - b) < 1e-6 for a, b in zip(one.embedding, other.embedding, strict=True))


def check_responses():
    plain = client.responses.create(model=CHAT_MODEL, input="Bonjour")
    assert "Bonjour" in plain.output_text and plain.usage.output_tokens > 0
    with client.responses.stream(model=CHAT_MODEL, input="Bonjour") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == plain.output_text == stream.get_final_response().output_text


def check_many_at_once():
    async def ask():
        async with AsyncOpenAI(max_retries=0) as many:
            asked = [many.chat.completions.create(model=CHAT_MODEL, messages=QUESTION) for _ in range(20)]
            return await asyncio.gather(*asked)

    assert len({answer.id for answer in asyncio.run(ask())}) == 20


def check_errors():
    def chat(who, **change):
        return lambda: who.chat.completions.create(**{"model": CHAT_MODEL, "messages": QUESTION, **change})

    wrong = client.with_options(api_key="sk-bst-" + "x" * 43)
    raises(openai.AuthenticationError, 401, "invalid_api_key", chat(wrong))
    raises(openai.NotFoundError, 404, "model_not_found", chat(with_key("ONE_MODEL_KEY"), model="another"))
    raises(openai.BadRequestError, 400, "invalid_value", chat(client, messages=[]))
    raises(openai.PermissionDeniedError, 403, "insufficient_permissions", chat(with_key("LISTING_KEY")))


def check_a_spent_limit_is_not_retried():
    began = time.monotonic()
    spent = with_key("SPENT_KEY").with_options(max_retries=2)
    ask = lambda: spent.chat.completions.create(model=CHAT_MODEL, messages=QUESTION)
    error = raises(openai.RateLimitError, 429, "insufficient_quota", ask)
    assert error.response.headers["x-should-retry"] == "false"
    assert time.monotonic() - began < 5


if __name__ == "__main__":
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            check()
            print("ok", name, flush=True)
