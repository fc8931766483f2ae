# The same application for gunicorn.
import hashlib
import time


def app(environ, start_response):
    if environ["PATH_INFO"] == "/wait":
        time.sleep(0.02)
    elif environ["PATH_INFO"] == "/slow":
        time.sleep(3)
    elif environ["PATH_INFO"] == "/hang":
        while True:
            pass
    else:
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 160_000, 32)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [b"Hello World!\n"]
