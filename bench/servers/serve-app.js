// The application of bench/serve.ts: "/" costs about a millisecond of a processor, "/wait" waits 20 ms.

import { pbkdf2Sync } from "node:crypto"

const hello = new TextEncoder().encode("Hello World!\n")
const headers = () => [
  ["Content-Type", "text/plain"],
  ["Content-Length", String(hello.length)],
]

export const app = (environ, startResponse) => {
  if (environ.PATH_INFO === "/wait")
    return new Promise((resolve) => {
      setTimeout(() => {
        startResponse("200 OK", headers())
        resolve([hello])
      }, 20)
    })
  pbkdf2Sync("password", "salt", 2000, 32, "sha256")
  startResponse("200 OK", headers())
  return [hello]
}
