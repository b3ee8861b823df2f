#!/usr/bin/env python3
"""Plays the golden conversations of Protocol/transcripts against a running server.

usage: replay_transcript.py --url http://127.0.0.1:8080 --key-id ID --secret BASE64URL
                            [--no-schemas] [FILE.jsonl …]

The key must be one that the server takes HS256 tokens of. Without files all of Protocol/transcripts
are played. Every answer and push is also checked against Protocol/schemas where `jsonschema` is there.
The rules are those of Protocol/transcripts/README.md.

Exit status: 0 everything was as expected, 1 something was not, 2 a transcript cannot be read,
69 the server cannot be reached.
"""

import argparse
import base64
import json
import random
import re
import sys
import time
from pathlib import Path

from waggle import LOSSLESS, Backend, Failure, Keys, Socket, utc

PROTOCOL = Path(__file__).resolve().parents[2] / "Protocol"
WHOLE = re.compile(r"\$([A-Za-z][A-Za-z0-9._]*)")
INSIDE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9._]*)\}")


class Names:
    """What the names of a conversation stand for."""

    def __init__(self, values):
        self.values = values

    def of(self, name):
        if name not in self.values:
            raise ValueError(f"${name} is not bound yet")
        return self.values[name]

    def text(self, text):
        return INSIDE.sub(lambda match: str(self.of(match[1])), text)

    def filled(self, value):
        if isinstance(value, dict):
            return {self.text(key): self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str):
            whole = WHOLE.fullmatch(value)
            return self.of(whole[1]) if whole else self.text(value)
        return value

    def difference(self, wanted, found, place="", new=None):
        """Where two values differ first, or None; binds names only where nothing differs."""
        bound = {} if new is None else new
        result = self._difference(wanted, found, place, bound)
        if result is None and new is None:
            self.values.update(bound)
        return result

    def _difference(self, wanted, found, place, new):
        if isinstance(wanted, str):
            whole = WHOLE.fullmatch(wanted)
            if whole and whole[1].startswith("any"):
                return None
            if whole and whole[1] not in self.values and whole[1] not in new:
                new[whole[1]] = found
                return None
            if whole:
                wanted = new[whole[1]] if whole[1] in new else self.of(whole[1])
            else:
                both = Names({**self.values, **new})
                wanted = both.text(wanted)
        if type(wanted) is not type(found):
            return f"{place or 'it'} is {json.dumps(found)}, not {json.dumps(wanted)}"
        if isinstance(wanted, dict):
            for key in wanted:
                if key not in found:
                    return f"{place}.{key} is missing"
            for key in found:
                if key not in wanted:
                    return f"{place}.{key} is too much: {json.dumps(found[key])}"
            pairs = [(f"{place}.{key}", wanted[key], found[key]) for key in wanted]
        elif isinstance(wanted, list):
            if len(wanted) != len(found):
                return f"{place or 'it'} has {len(found)} elements, not {len(wanted)}"
            pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(wanted, found))]
        else:
            same = wanted == found
            return None if same else f"{place or 'it'} is {json.dumps(found)}, not {json.dumps(wanted)}"
        for inner, a, b in pairs:
            result = self._difference(a, b, inner, new)
            if result:
                return result
        return None


class Schemas:
    """Checks what the server says against Protocol/schemas."""

    def __init__(self):
        import jsonschema
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012

        def retrieve(uri):
            text = (PROTOCOL / "schemas" / uri).read_text()
            return Resource.from_contents(json.loads(text), DRAFT202012)

        self.registry = Registry(retrieve=retrieve)
        self.validator = jsonschema.Draft202012Validator
        self.checked = 0
        self.paths = []
        try:
            import yaml
        except ImportError:
            return
        for path, verbs in yaml.safe_load((PROTOCOL / "openapi.yaml").read_text())["paths"].items():
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
            for verb, operation in verbs.items():
                for status, response in operation["responses"].items():
                    schema = response.get("content", {}).get("application/json", {}).get("schema")
                    # A schema that stands where it is used is of no transcript.
                    if schema and "$ref" in schema:
                        reference = schema["$ref"].removeprefix("schemas/")
                        self.paths.append((verb.upper(), pattern, int(status), reference))

    def check_response(self, method, path, status, body):
        path = path.partition("?")[0]
        if status >= 400 and path.startswith("/v1"):
            return self.check("problem.json", body)
        for verb, pattern, code, reference in self.paths:
            if verb == method and code == status and pattern.fullmatch(path):
                self.check(reference, body)

    def check(self, reference, value):
        self.checked += 1
        for error in self.validator({"$ref": reference}, registry=self.registry).iter_errors(value):
            raise Failure(f"against schemas/{reference}: {error.json_path} {error.message}")


class Player:
    """One conversation."""

    def __init__(self, url, keys, schemas):
        self.url, self.keys, self.schemas = url, keys, schemas
        self.sockets, self.methods = {}, {}

    def play(self, lines):
        header = json.loads(lines[0])
        run = "".join(random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(8))
        self.names = Names({"run": run, "storefront": "t-" + run, "now": utc(time.time())})
        for name, wish in header["tokens"].items():
            self.names.values["token." + name] = self.keys.token(
                wish["sub"], self.names.text(wish.get("sf", "${storefront}")), wish["scope"],
                wish.get("fault"))
        try:
            for number, line in enumerate(lines[1:], 2):
                try:
                    self.step(json.loads(line))
                except Failure as failure:
                    raise Failure(f"line {number}: {failure}\n    {line.strip()}") from None
            self.leftovers()
        finally:
            for socket in self.sockets.values():
                socket.close()
        return header["title"], len(lines) - 1

    def step(self, step):
        if "http" in step:
            return self.http(step)
        name = step["on"]
        if name not in self.sockets:
            self.sockets[name] = Socket(self.url, name)
        socket = self.sockets[name]
        if "send" in step:
            message = self.names.filled(step["send"])
            for call in message if isinstance(message, list) else [message]:
                if isinstance(call, dict) and "id" in call:
                    self.methods[name, json.dumps(call["id"])] = call.get("method")
            socket.send(message)
        elif "sendText" in step:
            socket.socket.send(self.names.text(step["sendText"]))
        elif "sendBase64" in step:
            socket.socket.send(base64.b64decode(step["sendBase64"]), text=True)
        elif "sendBinaryBase64" in step:
            socket.socket.send(base64.b64decode(step["sendBinaryBase64"]))
        elif "sendSpaces" in step:
            socket.socket.send(" " * step["sendSpaces"])
        elif "expectClose" in step:
            code = socket.wait_closed()
            if code != step["expectClose"]:
                raise Failure(f"closed with {code}, not {step['expectClose']}")
            del self.sockets[name]
        elif "close" in step:
            socket.close()
            del self.sockets[name]
        elif "expect" in step:
            self.expect(socket, step["expect"])
        else:
            raise ValueError(f"not a step: {json.dumps(step)}")

    def expect(self, socket, wanted):
        if isinstance(wanted, list):
            found = socket.answer("batch")
        elif "id" in wanted:
            found = socket.answer(wanted["id"])
        elif wanted["method"] in LOSSLESS:
            found = socket.event()
        else:
            found = socket.figures(
                wanted["method"], lambda push: self.names.difference(wanted, push, new={}) is None)
        difference = self.names.difference(wanted, found)
        if difference:
            raise Failure(f"{difference}\n    got {json.dumps(found, ensure_ascii=False)}")
        for one in found if isinstance(found, list) else [found]:
            self.check(socket, one)

    def check(self, socket, message):
        if not self.schemas:
            return
        if "error" in message:
            self.schemas.check("error.json", message)
        elif "id" in message:
            method = self.methods[socket.name, json.dumps(message["id"])]
            self.schemas.check(f"calls.json#/$defs/{method}.result", message["result"])
        else:
            self.schemas.check(f"pushes.json#/$defs/{message['method']}", message["params"])

    def http(self, step):
        request = self.names.filled({k: v for k, v in step["http"].items() if k != "token"})
        token = step["http"].get("token")
        status, headers, data = Backend(self.url).request(
            request["method"], request["path"], self.names.of("token." + token) if token else None,
            request.get("body"), request.get("text"), request.get("type"), request.get("headers", {}))
        text = data.decode()
        wanted = step["expect"]
        if status != wanted["status"]:
            raise Failure(f"status {status}, not {wanted['status']}\n    got {text}")
        for name, value in wanted.get("headers", {}).items():
            difference = self.names.difference(value, headers.get(name.lower()), name)
            if difference:
                raise Failure(difference)
        if "body" in wanted:
            try:
                body = json.loads(text)
            except ValueError:
                raise Failure(f"the body is not JSON: {text!r}") from None
            difference = self.names.difference(wanted["body"], body)
            if difference:
                raise Failure(f"{difference}\n    got {text}")
        if self.schemas and headers.get("content-type", "").partition(";")[0].endswith("json"):
            self.schemas.check_response(
                request["method"], request["path"], status, json.loads(text))

    def leftovers(self):
        for name, socket in self.sockets.items():
            left = [*socket.lossless, *(one for all in socket.answers.values() for one in all)]
            if left:
                raise Failure(f"{name}: nobody expected {json.dumps(left[0], ensure_ascii=False)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key-id", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--no-schemas", action="store_true")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    schemas = None
    if not options.no_schemas:
        try:
            schemas = Schemas()
        except ImportError:
            print("jsonschema is not there: schemas are not checked", file=sys.stderr)
    try:
        Backend(options.url).request("GET", "/livez")
    except OSError as error:
        print(f"{options.url} cannot be reached: {error}", file=sys.stderr)
        return 69
    keys = Keys(options.key_id, options.secret)
    failures = steps = 0
    files = options.files or sorted((PROTOCOL / "transcripts").glob("*.jsonl"))
    for path in files:
        try:
            title, count = Player(options.url, keys, schemas).play(path.read_text().splitlines())
            steps += count
            print(f"ok    {path.name}: {title} ({count} steps)", flush=True)
        except (Failure, OSError) as failure:
            failures += 1
            print(f"FAIL  {path.name}: {failure}", flush=True)
        except (ValueError, KeyError) as error:
            print(f"{path.name} cannot be played: {error!r}", file=sys.stderr)
            return 2
    checked = f", {schemas.checked} messages fit their schemas" if schemas else ""
    print(f"{len(files)} transcripts, {failures} failed, {steps} steps played{checked}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
