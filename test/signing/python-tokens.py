# Tokens of Python's itsdangerous and session cookies of Flask, for the tests of this folder.
#   python3 python-tokens.py record  prints vectors.json
#   python3 python-tokens.py read    takes tokens from stdin and prints what Python reads in them
import json, sys, uuid
from datetime import datetime, timezone
from hashlib import sha1, sha256, sha384, sha512
import itsdangerous as its
from itsdangerous import Signer, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

NOW = 1_790_000_000
DIGESTS = {"sha1": sha1, "sha256": sha256, "sha384": sha384, "sha512": sha512}
TimestampSigner.get_timestamp = lambda self: NOW

KEY = "a key of at least 16 bytes"
UNICODE_KEY = "schlüssel-日本-🔑-0123456789"
VALUES = [
    None, True, 0, -1, 2.5, "", "text", "a.b.c", "naïve 日本 🔑 \u2028 \u0000", [], {}, [1, [2, [3]]],
    {"user": 7, "roles": ["a", "b"]}, {"__proto__": {"a": 1}, "constructor": "x"},
    "x" * 500, {"items": [{"id": i, "name": "something"} for i in range(40)]}, "é" * 300,
]
TEXTS = ["value", "", "a.b", ".", "naïve 日本 🔑", "x" * 300]
OPTIONS = [
    {}, {"salt": "other"}, {"keyDerivation": "hmac"}, {"keyDerivation": "concat"}, {"keyDerivation": "none"},
    {"digestMethod": "sha256"}, {"digestMethod": "sha512", "keyDerivation": "hmac"}, {"digestMethod": "sha384", "salt": "é"},
]


def kwargs(options):
    out = {}
    if "keyDerivation" in options: out["key_derivation"] = options["keyDerivation"]
    if "digestMethod" in options: out["digest_method"] = staticmethod(DIGESTS[options["digestMethod"]]).__func__
    return out


def signer(cls, secret, options):
    salted = {"salt": options["salt"]} if "salt" in options else {}
    return cls(secret, **salted, **kwargs(options))


def serializer(cls, secret, options):
    salted = {"salt": options["salt"]} if "salt" in options else {}
    return cls(secret, **salted, signer_kwargs=kwargs(options))


def flask_app(secret):
    import flask
    app = flask.Flask("app")
    app.secret_key = secret
    return app


def session_serializer(secret):
    app = flask_app(secret)
    return app.session_interface.get_signing_serializer(app)


def flask_sessions():
    from markupsafe import Markup
    return [
        ({"user": "ada"}, {"user": "ada"}),
        ({"n": 3, "list": [1, "zwei", None]}, {"n": 3, "list": [1, "zwei", None]}),
        ({"_flashes": [("message", "Hello"), ("error", "naïve")]}, {"_flashes": [["message", "Hello"], ["error", "naïve"]]}),
        ({"at": datetime(2026, 9, 1, 12, 30, 5, tzinfo=timezone.utc)}, {"at": {"date": "2026-09-01T12:30:05.000Z"}}),
        ({"raw": b"\x00\xff\x80"}, {"raw": {"bytes": [0, 255, 128]}}),
        ({"page": Markup("<b>")}, {"page": {"html": "<b>"}}),
        ({"id": uuid.UUID("12345678-1234-5678-1234-567812345678")}, {"id": "12345678-1234-5678-1234-567812345678"}),
        ({"odd": {" t": [1]}, "deep": [{"x": (1, (2,))}]}, {"odd": {" t": [1]}, "deep": [{"x": [1, [2]]}]}),
        ({" t": 1}, {" t": 1}),
        ({"long": "x" * 3000}, {"long": "x" * 3000}),
    ]


def record():
    vectors = {"now": NOW, "signer": [], "timestamp": [], "urlSafe": [], "urlSafeTimed": [], "flask": []}
    for secret in (KEY, UNICODE_KEY):
        for options in OPTIONS:
            for text in TEXTS:
                vectors["signer"].append([secret, options, text, signer(Signer, secret, options).sign(text).decode()])
                vectors["timestamp"].append([secret, options, text, signer(TimestampSigner, secret, options).sign(text).decode()])
    for options in OPTIONS:
        for value in VALUES if options in ({}, {"salt": "other"}) else VALUES[12:14]:
            vectors["urlSafe"].append([KEY, options, value, serializer(URLSafeSerializer, KEY, options).dumps(value)])
            vectors["urlSafeTimed"].append([KEY, options, value, serializer(URLSafeTimedSerializer, KEY, options).dumps(value)])
    for value, plain in flask_sessions():
        vectors["flask"].append([KEY, plain, session_serializer(KEY).dumps(value)])
    dump = lambda value: json.dumps(value, ensure_ascii=False)
    lines = lambda value: "[\n%s\n]" % ",\n".join(map(dump, value)) if isinstance(value, list) else dump(value)
    print("{\n%s\n}" % ",\n".join(f"{dump(key)}: {lines(value)}" for key, value in vectors.items()))


def plain(value):
    from markupsafe import Markup
    if isinstance(value, datetime): return {"date": value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    if isinstance(value, bytes): return {"bytes": list(value)}
    if isinstance(value, Markup): return {"html": str(value)}
    if isinstance(value, (list, tuple)): return [plain(item) for item in value]
    if isinstance(value, dict): return {key: plain(item) for key, item in value.items()}
    return value


def read():
    out = []
    for kind, secret, options, token in json.load(sys.stdin):
        try:
            if kind == "signer": value = signer(Signer, secret, options).unsign(token).decode()
            elif kind == "timestamp": value = signer(TimestampSigner, secret, options).unsign(token, max_age=60).decode()
            elif kind == "urlSafe": value = serializer(URLSafeSerializer, secret, options).loads(token)
            elif kind == "urlSafeTimed": value = serializer(URLSafeTimedSerializer, secret, options).loads(token, max_age=60)
            else: value = plain(session_serializer(secret).loads(token, max_age=60))
            out.append({"value": value})
        except its.BadData as error:
            out.append({"error": type(error).__name__})
    json.dump(out, sys.stdout)


record() if sys.argv[1] == "record" else read()
