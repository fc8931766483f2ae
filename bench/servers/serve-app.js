// The application of bench/serve.ts: "/" costs about 50 milliseconds of a processor, "/wait" waits 20 ms, "/slow" 3 s, "/hang" for ever.

import { pbkdf2Sync } from "node:crypto"

const hello = new TextEncoder().encode("Hello World!\n")
const headers = () => [
  ["Content-Type", "text/plain"],
  ["Content-Length", String(hello.length)],
]

export const app = (environ, startResponse) => {
  if (environ.PATH_INFO === "/hang") for (;;);
  if (environ.PATH_INFO === "/wait" || environ.PATH_INFO === "/slow")
    return new Promise((resolve) => {
      setTimeout(
        () => {
          startResponse("200 OK", headers())
          resolve([hello])
        },
        environ.PATH_INFO === "/slow" ? 3000 : 20,
      )
    })
  pbkdf2Sync("password", "salt", 160_000, 32, "sha256")
  startResponse("200 OK", headers())
  return [hello]
}
