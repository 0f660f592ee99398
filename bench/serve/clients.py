#!/usr/bin/env python3
"""The official clients against `banchu serve`: conversations, streams, forms, embeddings, errors, a client that leaves.

    bench/serve/clients.py bin/banchu [--model MODEL.gguf]
    bench/serve/clients.py --url http://127.0.0.1:11500

Needs `pip install openai ollama anthropic`; what is not installed is skipped, and said so. Prints one line a check and ends
with 1 when one of them failed. What the model says is not judged (the default one is small), only that it came as promised.
"""
import argparse
import contextlib
import json
import math
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROWS = []
QUESTION = [{"role": "user", "content": "What is the sun?"}]


def check(client, what):
    def wrap(function):
        began = time.monotonic()
        try:
            note = function() or ""
            ROWS.append((client, what, "ok", note, time.monotonic() - began))
        except Exception as error:  # every failure is a row of the table
            ROWS.append((client, what, "FAILED", f"{type(error).__name__}: {error}"[:160], time.monotonic() - began))
        return function
    return wrap


def skip(client, why):
    ROWS.append((client, "everything", "skipped", why, 0.0))


def refused(kind, call):
    """The error that the client's own class says it is."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__} came")


def openai_checks(url):
    try:
        import openai
    except ImportError:
        return skip("openai", "pip install openai")
    name = f"openai {openai.__version__}"
    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0, timeout=120)

    @check(name, "models")
    def _():
        names = [model.id for model in client.models.list()]
        assert "banchu" in names and client.models.retrieve("banchu").id == "banchu", names

    @check(name, "a conversation of three turns")
    def _():
        messages = [{"role": "system", "content": "You are kind."}]
        for text in ("Hello!", "What is the sun?", "And the moon?"):
            messages.append({"role": "user", "content": text})
            answer = client.chat.completions.create(model="banchu", messages=messages, max_tokens=24)
            assert answer.choices[0].message.content and answer.usage.completion_tokens <= 24
            messages.append({"role": "assistant", "content": answer.choices[0].message.content})
        cached = answer.usage.prompt_tokens_details.cached_tokens
        assert cached > answer.usage.prompt_tokens // 2, f"{cached} of {answer.usage.prompt_tokens} from the cache"
        return f"{cached} of {answer.usage.prompt_tokens} prompt tokens from the cache"

    @check(name, "a stream says what the whole answer says")
    def _():
        wanted = dict(model="banchu", messages=QUESTION, max_tokens=32, temperature=0, seed=1)
        whole = client.chat.completions.create(**wanted).choices[0].message.content
        text, usage = "", None
        for chunk in client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **wanted):
            usage = chunk.usage or usage
            text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        assert text == whole and usage.completion_tokens == 32, (text, whole)

    @check(name, "two replies at once, with logprobs")
    def _():
        answer = client.chat.completions.create(model="banchu", messages=QUESTION, max_tokens=8, n=2, logprobs=True,
                                                top_logprobs=3)
        assert len(answer.choices) == 2
        for choice in answer.choices:
            joined = b"".join(bytes(row.bytes) for row in choice.logprobs.content).decode(errors="ignore")
            assert joined.startswith(choice.message.content) and len(choice.logprobs.content[0].top_logprobs) == 3

    @check(name, "a reply in a JSON schema's form")
    def _():
        schema = {"type": "object", "properties": {"star": {"type": "string", "maxLength": 12}, "hot": {"type": "boolean"}},
                  "required": ["star", "hot"], "additionalProperties": False}
        answer = client.chat.completions.create(
            model="banchu", messages=QUESTION, max_tokens=60, temperature=0,
            response_format={"type": "json_schema", "json_schema": {"name": "star", "schema": schema, "strict": True}})
        found = json.loads(answer.choices[0].message.content)
        assert isinstance(found["hot"], bool)
        return answer.choices[0].message.content

    @check(name, "completions")
    def _():
        answer = client.completions.create(model="banchu", prompt="Once upon a time", max_tokens=12, stop=["."])
        assert answer.choices[0].text and "." not in answer.choices[0].text

    @check(name, "responses, whole and streamed")
    def _():
        wanted = dict(model="banchu", input="What is the sun?", max_output_tokens=24, temperature=0)
        whole = client.responses.create(**wanted).output_text
        text, last = "", None
        for event in client.responses.create(stream=True, **wanted):
            text += event.delta if event.type == "response.output_text.delta" else ""
            last = event.type
        assert text == whole and last in ("response.completed", "response.incomplete"), (text, whole, last)

    @check(name, "embeddings")
    def _():
        texts = ["The cat sleeps on the sofa.", "A kitten is lying on the couch.", "Interest rates rose in March."]
        rows = [row.embedding for row in client.embeddings.create(model="banchu", input=texts).data]
        near, far = (sum(a * b for a, b in zip(rows[0], row)) for row in rows[1:])
        assert math.isclose(sum(x * x for x in rows[0]), 1, rel_tol=1e-4) and near > far, (near, far)
        return f"cat and kitten {near:.3f}, cat and rates {far:.3f}"

    @check(name, "errors are the client's own classes")
    def _():
        create = client.chat.completions.create
        refused(openai.NotFoundError, lambda: create(model="gpt-9", messages=QUESTION))
        refused(openai.BadRequestError, lambda: create(model="banchu", messages=[]))
        refused(openai.BadRequestError, lambda: create(model="banchu", messages=QUESTION, temperature=9))
        return refused(openai.BadRequestError, lambda: create(model="banchu", messages=[{"role": "user", "content": "word " * 9000}]))


def ollama_checks(url):
    try:
        import ollama
    except ImportError:
        return skip("ollama", "pip install ollama")
    from importlib.metadata import version
    name = f"ollama {version('ollama')}"
    client = ollama.Client(host=url, timeout=120)
    options = {"num_predict": 24, "temperature": 0, "seed": 1}

    @check(name, "list, show, ps")
    def _():
        assert client.list().models[0].model == "banchu:latest"
        assert client.show("banchu").details.family and len(client.ps().models) == 1

    @check(name, "a conversation, whole and streamed")
    def _():
        whole = client.chat(model="banchu", messages=QUESTION, options=options)
        assert whole.done and whole.eval_count <= 24 and whole.total_duration > 0
        text = "".join(piece.message.content for piece in client.chat(model="banchu", messages=QUESTION, options=options, stream=True))
        assert text == whole.message.content, (text, whole.message.content)

    @check(name, "generate, exactly ten tokens")
    def _():
        answer = client.generate(model="banchu", prompt="Tell me a long story.", options={"num_predict": 10})
        assert answer.eval_count == 10 and answer.done_reason == "length"

    @check(name, "format json")
    def _():
        answer = client.chat(model="banchu", messages=[{"role": "user", "content": "A person as JSON, please."}],
                             format={"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
                             options={"num_predict": 40, "temperature": 0})
        assert isinstance(json.loads(answer.message.content)["age"], int)

    @check(name, "embed")
    def _():
        assert len(client.embed(model="banchu", input=["one", "two"]).embeddings) == 2

    @check(name, "errors")
    def _():
        return refused(ollama.ResponseError, lambda: client.chat(model="llama9", messages=QUESTION))


def anthropic_checks(url):
    try:
        import anthropic
    except ImportError:
        return skip("anthropic", "pip install anthropic")
    name = f"anthropic {anthropic.__version__}"
    client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0, timeout=120)
    # This client no longer names the temperature among its arguments.
    wanted = dict(model="banchu", max_tokens=24, messages=QUESTION, extra_body={"temperature": 0})

    @check(name, "a message, whole and streamed")
    def _():
        whole = client.messages.create(system="You are kind.", **wanted)
        with client.messages.stream(system="You are kind.", **wanted) as stream:
            text = "".join(stream.text_stream)
            last = stream.get_final_message()
        assert text == whole.content[0].text and last.stop_reason == whole.stop_reason, (text, whole)
        return last.stop_reason

    @check(name, "tokens are counted")
    def _():
        counted = client.messages.count_tokens(model="banchu", messages=QUESTION).input_tokens
        assert counted == client.messages.create(**wanted).usage.input_tokens

    @check(name, "errors are the client's own classes")
    def _():
        refused(anthropic.NotFoundError, lambda: client.messages.create(**{**wanted, "model": "claude"}))
        return refused(anthropic.BadRequestError, lambda: client.messages.create(**{**wanted, "messages": []}))


def get(url, path):
    with urllib.request.urlopen(url + path, timeout=10) as answer:
        return json.load(answer)


def leaving_checks(url):
    """A client that closes its connection: by hand, for none of the libraries does it so rudely."""
    place = urllib.parse.urlparse(url)

    def leave(stream):
        body = json.dumps({"messages": [{"role": "user", "content": "Tell me a very long story."}], "max_tokens": -1,
                           "temperature": 1, "stream": stream, "logit_bias": {"2": -100, "0": -100}}).encode()
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            while get(url, "/banchu/v1/awake")["speaking"] == 0:
                time.sleep(0.02)
            if stream:
                connection.recv(4096)
        began = time.monotonic()
        while get(url, "/banchu/v1/awake")["speaking"] > 0:
            assert time.monotonic() - began < 2, "still talking after two seconds"
            time.sleep(0.02)
        return f"{time.monotonic() - began:.2f} s until its place was free"

    check("by hand", "a client leaves in the middle of a stream")(lambda: leave(True))
    check("by hand", "a client leaves while it waits for the whole")(lambda: leave(False))


@contextlib.contextmanager
def server(program, model):
    with tempfile.TemporaryDirectory() as empty:
        command = [program, "--bag", empty + "/none", "--json", "serve", "--port", "0"]
        if model:
            command[1:1] = ["--model", model]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            yield json.loads(process.stdout.readline())["address"]
        finally:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
            ended = "ok" if code == 0 else "FAILED"
            ROWS.append(("by hand", "SIGTERM ends it", ended, f"exit code {code}", time.monotonic() - began))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="the program; it is started on a free port")
    parser.add_argument("--url", help="a server that runs already")
    parser.add_argument("--model")
    chosen = parser.parse_args()
    if not chosen.url and not chosen.program:
        parser.error("name the program, or --url")
    with contextlib.nullcontext(chosen.url) if chosen.url else server(chosen.program, chosen.model) as url:
        for checks in (openai_checks, ollama_checks, anthropic_checks, leaving_checks):
            checks(url)
    for client, what, outcome, note, seconds in ROWS:
        print(f"{client:20} {what:48} {outcome:8} {seconds:6.2f} s  {note}")
    sys.exit(1 if any(row[2] == "FAILED" for row in ROWS) else 0)


if __name__ == "__main__":
    main()
