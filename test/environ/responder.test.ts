import { expect, expectTypeOf, test } from "vitest"
import { responder, respondWith } from "../../src/environ/responder.ts"
import type { Application, Body, Environ, Responder, StartResponse } from "../../src/gateway.ts"

const environ = { PATH_INFO: "/x" } as Environ
const startResponse: StartResponse = () => async () => {}

class Greeting implements Responder {
  readonly #name: string
  constructor(name: string) {
    this.#name = name
  }
  respond(environ: Environ): Body {
    return [new TextEncoder().encode(`${this.#name} at ${environ.PATH_INFO}`)]
  }
}

const text = async (body: unknown) => new TextDecoder().decode((await (body as Promise<Uint8Array[]>))[0])

test("a responder calls what its function returns with the last two arguments", async () => {
  const app = responder((_environ, _start) => new Greeting("hi"))
  expectTypeOf(app).toExtend<Application>()
  expect(await text(app(environ, startResponse))).toBe("hi at /x")
})

test("a responder takes applications and promises of answers", async () => {
  expect(
    await text(responder(() => (environ) => [new TextEncoder().encode(environ.PATH_INFO)])(environ, startResponse)),
  ).toBe("/x")
  expect(await text(responder(async () => new Greeting("later"))(environ, startResponse))).toBe("later at /x")
})

test("a responder works as a method, and when it is bound", async () => {
  class Site {
    name = "site"
    app = responder(function (this: Site, _environ: Environ, _start: StartResponse) {
      return new Greeting(this.name)
    })
  }
  expect(await text(new Site().app(environ, startResponse))).toBe("site at /x")
  const partial = responder((name: string, _environ: Environ, _start: StartResponse) => new Greeting(name))
  expect(await text(partial.bind(undefined, "bound")(environ, startResponse))).toBe("bound at /x")
})

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["<p>hi", '"<p>hi"'],
  [{}, "a plain object"],
  [404, "404"],
])("%o answers nothing, and the error names it", (answer, name) => {
  expect(() => respondWith(answer as never, environ, startResponse)).toThrow(TypeError)
  expect(() => respondWith(answer as never, environ, startResponse)).toThrow(`not ${name}`)
})
