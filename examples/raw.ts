// The contract without any toolkit: three ways to be an application. Only types are imported.
//
// GET /function   -> 200 one array, sent in one write
// GET /iterable   -> 200 an object that can be iterated
// GET /generator  -> 200 chunk by chunk
// GET /           -> 404 try /function, /iterable or /generator

import type { Application, Body, Environ, StartResponse } from "werkstatt"

const encode = (text: string) => new TextEncoder().encode(text)
const plain: [string, string] = ["Content-Type", "text/plain; charset=utf-8"]

/** A function that returns all of the body. The server computes Content-Length. */
export const asFunction: Application = (_environ, startResponse) => {
  startResponse("200 OK", [plain])
  return [encode("one array, "), encode("sent in one write")]
}

/** A class whose objects are the body. `close` is called once, whatever happens. */
class Greeting {
  readonly #startResponse: StartResponse

  constructor(startResponse: StartResponse) {
    this.#startResponse = startResponse
  }

  *[Symbol.iterator]() {
    this.#startResponse("200 OK", [plain])
    for (const word of ["an object ", "that can be ", "iterated"]) yield encode(word)
  }

  close() {
    // Here a file or a database cursor would be given back.
  }
}

export const asIterable: Application = (_environ, startResponse) => new Greeting(startResponse)

/** An async generator. Each chunk is on its way before the next is asked for. */
export async function* asGenerator(_environ: Environ, startResponse: StartResponse) {
  startResponse("200 OK", [plain])
  for (const word of ["chunk ", "by ", "chunk"]) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    yield encode(word)
  }
}

export const app = (environ: Environ, startResponse: StartResponse): Body | Promise<Body> => {
  if (environ.PATH_INFO === "/function") return asFunction(environ, startResponse)
  if (environ.PATH_INFO === "/iterable") return asIterable(environ, startResponse)
  if (environ.PATH_INFO === "/generator") return asGenerator(environ, startResponse)
  startResponse("404 Not Found", [plain])
  return [encode("try /function, /iterable or /generator")]
}
