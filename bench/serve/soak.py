#!/usr/bin/env python3
"""Many clients at once, some of whom leave, while selves change: are the answers right, is the memory flat?

    bench/serve/soak.py bin/banchu --seconds 120 --clients 16
    bench/serve/soak.py bin/banchu --bag BAG --selves ID ID --every 20 --seconds 3600

First each question is asked alone (greedy, no penalties, with the two likeliest tokens at each place), once for each self. Then the
clients ask them all together. Batches of another shape change an answer's last bits, so an answer may leave the one given alone, but
only for a token that lay within 0.05 nats of the best there; anything else is wrong. Prints one JSON object; ends with 1 when an
answer was wrong, the server failed, or its memory grew by more than a tenth after the first quarter.
"""
import argparse
import http.client
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

QUESTIONS = ["What is the sun?", "Name three fruits.", "Who are you?", "Count to ten.", "What is snow made of?", "Tell me a story.",
             "Why is the sky blue?", "Give me a tip for sleeping well.", "What is a lighthouse?", "Write a short poem about rain.",
             "How do I cook rice?", "What does a cat eat?"]
NEAR = 0.05  # nats


def body_of(question, stream=False):
    return {"messages": [{"role": "user", "content": question}], "max_tokens": 24, "temperature": 0, "repeat_penalty": 1,
            "frequency_penalty": 0, "presence_penalty": 0, "logprobs": True, "top_logprobs": 2, "stream": stream}


def post(port, path, body, timeout=120):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def rows_of(answer):
    return answer["choices"][0]["logprobs"]["content"]


def judge(alone, together):
    """"same", "near" (left at a near tie) or "wrong"."""
    for mine, theirs in zip(rows_of(alone), rows_of(together)):
        if mine["bytes"] == theirs["bytes"]:
            continue
        for other in mine["top_logprobs"]:
            if other["bytes"] == theirs["bytes"] and mine["top_logprobs"][0]["logprob"] - other["logprob"] <= NEAR:
                return "near"
        return "wrong"
    return "same" if len(rows_of(alone)) == len(rows_of(together)) else "near"


def rss_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


class Soak:
    def __init__(self, port, chosen):
        self.port, self.chosen = port, chosen
        self.alone = {}
        self.counts = {"same": 0, "near": 0, "wrong": 0, "left": 0, "embedded": 0, "refused": 0, "busy": 0, "failed": 0}
        self.wrong = []
        self.lock = threading.Lock()
        self.end = 0.0

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def ask_alone(self):
        for question in QUESTIONS:
            status, answer = post(self.port, "/v1/chat/completions", body_of(question))
            assert status == 200, answer
            self.alone[answer["banchu"]["self"], question] = answer

    def one(self, dice):
        question, what = dice.choice(QUESTIONS), dice.random()
        if what < 0.15:  # leaves after the first bytes
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            connection.request("POST", "/v1/chat/completions", json.dumps({**body_of(question, True), "max_tokens": 300}),
                               {"Content-Type": "application/json"})
            connection.getresponse().read(20)
            connection.close()
            return self.count("left")
        if what < 0.2:
            status, _ = post(self.port, "/v1/embeddings", {"input": question})
            return self.count("embedded" if status == 200 else "failed")
        if what < 0.25:
            status, _ = post(self.port, "/v1/chat/completions", {"messages": "?"})
            return self.count("refused" if status == 400 else "failed")
        status, answer = post(self.port, "/v1/chat/completions", body_of(question))
        if status == 503:
            time.sleep(0.1)
            return self.count("busy")
        if status != 200:
            return self.count("failed")
        verdict = judge(self.alone[answer["banchu"]["self"], question], answer)
        self.count(verdict)
        if verdict == "wrong":
            self.wrong.append({"question": question, "said": answer["choices"][0]["message"]["content"]})

    def client(self, number):
        dice = random.Random(number)
        while time.monotonic() < self.end:
            try:
                self.one(dice)
            except Exception as error:  # a server that fails is the finding
                self.count("failed")
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
                time.sleep(0.5)


def wake(chosen, self_id):
    subprocess.run([chosen.program, "--bag", chosen.bag, "--json", "self", "wake", self_id], check=True, stdout=subprocess.DEVNULL)
    time.sleep(1.5)  # who is awake is asked once a second


def run(chosen, process, port):
    soak = Soak(port, chosen)
    for self_id in chosen.selves or [None]:
        if self_id:
            wake(chosen, self_id)
        soak.ask_alone()
    began = time.monotonic()
    soak.end = began + chosen.seconds
    clients = [threading.Thread(target=soak.client, args=(i,)) for i in range(chosen.clients)]
    for client in clients:
        client.start()
    early, swaps, last_swap = 0, 0, began
    while time.monotonic() < soak.end:
        time.sleep(0.5)
        if time.monotonic() - began > chosen.seconds / 4 and not early:
            early = rss_bytes(process.pid)
        if chosen.selves and time.monotonic() - last_swap > chosen.every:
            swaps, last_swap = swaps + 1, time.monotonic()
            wake(chosen, chosen.selves[swaps % len(chosen.selves)])
    for client in clients:
        client.join()
    late = rss_bytes(process.pid)
    good = soak.counts["wrong"] == 0 and soak.counts["failed"] == 0 and late < early * 1.1 and process.poll() is None
    print(json.dumps({"ok": good, "seconds": chosen.seconds, "clients": chosen.clients, "swaps": swaps, **soak.counts,
                      "rss_bytes_after_a_quarter": early, "rss_bytes_at_the_end": late, "wrong_answers": soak.wrong[:5]},
                     ensure_ascii=False))
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--bag", default=None)
    parser.add_argument("--selves", nargs="*", default=[])
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--parallel", default="8")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:
        chosen.bag = chosen.bag or empty + "/none"
        process = subprocess.Popen([chosen.program, "--bag", chosen.bag, "--json", "serve", "--port", "0", "--parallel",
                                    chosen.parallel, "--context", "1024"], stdout=subprocess.PIPE, text=True)
        try:
            good = run(chosen, process, json.loads(process.stdout.readline())["port"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
