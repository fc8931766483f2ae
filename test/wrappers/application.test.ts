import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { describe, expect, expectTypeOf, test } from "vitest"
import type { FileStorage } from "../../src/datastructures/file-storage.ts"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import { NotFound } from "../../src/exceptions/statuses.ts"
import type { Application, Body, Environ, StartResponse } from "../../src/gateway.ts"
import { application } from "../../src/wrappers/application.ts"
import { redirect } from "../../src/wrappers/redirect.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { answer, bytes, environOf, text } from "../support/requests.ts"

const startResponse: StartResponse = () => async () => {}

class MyRequest extends Request {
  get name(): string {
    return this.args.get("name") ?? "World"
  }
}

describe("a view", () => {
  test("that answers at once makes an application that does: a plain array, and no promise", () => {
    const app = application((request) => new Response(`Hello ${request.args.get("name")}!`))
    const body = app(environOf("/?name=you"), startResponse)
    expect(body).toEqual([bytes("Hello you!")])
    expect(Array.isArray(body)).toBe(true)
  })

  test("may wait", async () => {
    const app = application(async (request) => {
      const form = await request.form()
      return new Response(`Hello ${form.get("name")}`)
    })
    const environ = environOf("/", { CONTENT_TYPE: "application/x-www-form-urlencoded" }, "name=you")
    expect(app(environ, startResponse)).toBeInstanceOf(Promise)
    expect(
      (await answer(app, environOf("/", { CONTENT_TYPE: "application/x-www-form-urlencoded" }, "name=me"))).text,
    ).toBe("Hello me")
  })

  test("may return a Responder or an application instead of a Response", async () => {
    const inner: Application = (environ, start) => {
      start("200 OK", [])
      return [bytes(`inner ${environ.PATH_INFO}`)]
    }
    expect(
      (
        await answer(
          application(() => inner),
          environOf("/x"),
        )
      ).text,
    ).toBe("inner /x")
    expect(
      (
        await answer(
          application(async () => inner),
          environOf("/x"),
        )
      ).text,
    ).toBe("inner /x")
    expect(
      (
        await answer(
          application(() => ({ respond: inner })),
          environOf("/x"),
        )
      ).text,
    ).toBe("inner /x")
    expect((await answer(application(() => new NotFound()))).status).toBe("404 Not Found")
  })

  test.each([undefined, null, "text", 5, {}])("that returns %o is a mistake, and the error says so", async (result) => {
    expect(() => application(() => result as never)(environOf(), startResponse)).toThrow(TypeError)
    await expect(application(async () => result as never)(environOf(), startResponse)).rejects.toThrow(
      "a view must return",
    )
  })

  test("has to be a function", () => {
    expect(() => application(undefined as never)).toThrow(TypeError)
    expect(() => MyRequest.application(new Response() as never)).toThrow(TypeError)
  })

  test("gets a request of the class that made the application, and the this of the application", async () => {
    class Site {
      greeting = "Hi"
      app = MyRequest.application(function (this: Site, request) {
        return new Response(`${this.greeting} ${request.name}`)
      })
    }
    const site = new Site()
    expect(text((await site.app(environOf("/?name=you"), startResponse)) as Uint8Array[])).toBe("Hi you")
  })
})

describe("errors", () => {
  test("an HTTPException is the answer, thrown at once or later", async () => {
    for (const app of [
      application(() => {
        throw new NotFound()
      }),
      application(async () => {
        throw new NotFound()
      }),
    ]) {
      expect((await answer(app)).status).toBe("404 Not Found")
    }
  })

  test("an HTTPException may bring its own answer", async () => {
    const app = application(() => {
      throw new HTTPException({ response: new Response("mine", { status: 418 }) })
    })
    expect(await answer(app)).toMatchObject({ status: "418 I'm a Teapot", text: "mine" })
  })

  test.each([new Error("oops"), "a string", null])("%s is passed on to the server", async (reason) => {
    const sync = application(() => {
      throw reason
    })
    let thrown: unknown = "nothing"
    try {
      sync(environOf(), startResponse)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBe(reason)
    const later = application(async () => {
      throw reason
    })
    await expect(later(environOf(), startResponse)).rejects.toBe(reason)
  })

  test("what fails while the answer is sent is passed on too", () => {
    const response = new Response("x", { headers: { Location: "http://h:port/" } })
    expect(() => application(() => response)(environOf(), startResponse)).toThrow(TypeError)
  })
})

describe("the request", () => {
  const UPLOAD = '--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nuploaded\r\n--B--\r\n'
  const upload = () => environOf("/", { CONTENT_TYPE: "multipart/form-data; boundary=B" }, UPLOAD)

  /** A file of the form that notes when it is closed. */
  async function watchedFile(request: Request, log: string[]): Promise<FileStorage> {
    const file = (await request.files()).get("f") as FileStorage
    const close = file.close.bind(file)
    file.close = async () => {
      log.push("file closed")
      await close()
    }
    return file
  }

  test("is closed when the body was sent, so that an uploaded file can be streamed back", async () => {
    const log: string[] = []
    const app = application(async (request) => {
      const file = await watchedFile(request, log)
      async function* content() {
        log.push("first chunk")
        yield* [await file.bytes()]
        log.push("last chunk")
      }
      return new Response(content())
    })
    expect((await answer(app, upload())).text).toBe("uploaded")
    expect(log).toEqual(["first chunk", "last chunk", "file closed"])
  })

  test("is closed after an array was sent, too", async () => {
    const log: string[] = []
    const app = application(async (request) => {
      await watchedFile(request, log)
      return new Response("done")
    })
    const body = await app(upload(), startResponse)
    expect(log).toEqual([])
    await body.close?.()
    expect(log).toEqual(["file closed"])
  })

  test.each([
    ["the view fails", async () => Promise.reject(new Error("oops"))],
    ["the view returns nothing", async () => undefined as never],
    ["the answer fails", async () => ({ respond: () => Promise.reject(new Error("oops")) })],
  ])("is closed when %s", async (_, fail) => {
    const log: string[] = []
    const app = application(async (request) => {
      await watchedFile(request, log)
      return fail()
    })
    await expect(app(upload(), startResponse)).rejects.toThrow()
    expect(log).toEqual(["file closed"])
  })

  test("is closed when what the view throws cannot be looked at", async () => {
    const log: string[] = []
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const app = application(async (request) => {
      await watchedFile(request, log)
      throw proxy
    })
    let thrown: unknown
    try {
      await app(upload(), startResponse)
    } catch (error) {
      thrown = error
    }
    expect(thrown === proxy).toBe(true)
    expect(log).toEqual(["file closed"])
  })

  test("is closed when an HTTPException is the answer", async () => {
    const log: string[] = []
    const app = application(async (request) => {
      await watchedFile(request, log)
      throw new NotFound()
    })
    expect((await answer(app, upload())).status).toBe("404 Not Found")
    expect(log).toEqual(["file closed"])
  })

  test("of a class with a close of its own is closed in every case", async () => {
    const log: string[] = []
    class Watched extends Request {
      override async close(): Promise<void> {
        log.push("closed")
        await super.close()
      }
    }
    await answer(Watched.application(() => new Response("x")))
    const failing = Watched.application(() => {
      throw new Error("oops")
    })
    await expect(async () => failing(environOf(), startResponse)).rejects.toThrow("oops")
    expect(log).toEqual(["closed", "closed"])
  })

  test("that holds nothing leaves a body that is passed through to the server untouched", () => {
    const body: Body = new Set([bytes("a")])
    const app = application(() => new Response(body, { directPassthrough: true }))
    expect(app(environOf(), startResponse)).toBe(body)
  })

  test("is closed though a view only began to read the form", async () => {
    const app = application((request) => {
      request.form().catch(() => {})
      return new Response("x")
    })
    const body = (await app(upload(), startResponse)) as Body
    await body.close?.()
    expect((await answer(app, upload())).text).toBe("x")
  })
})

describe("inside the linter", () => {
  const bodies: [string, () => ConstructorParameters<typeof Response>[0]][] = [
    ["text", () => "text"],
    ["an array", () => ["te", "xt"]],
    ["nothing", () => undefined],
    [
      "a generator",
      () =>
        (function* () {
          yield* ["te", "xt"]
        })(),
    ],
    ["a web stream", () => ReadableStream.from(["te", "xt"]) as ReadableStream<string>],
  ]

  describe.each(bodies)("%s", (_, body) => {
    test.each([200, 204, 304, 404])("with the status %i breaks no rule", async (status) => {
      for (const REQUEST_METHOD of ["GET", "HEAD"]) {
        const app = linted(application(() => new Response(body(), { status })))
        const { text } = await answer(app, environOf("/", { REQUEST_METHOD }))
        expect(text === "" || REQUEST_METHOD === "GET").toBe(true)
      }
    })

    test("in part breaks no rule", async () => {
      const options = { acceptRanges: true, completeLength: body() === undefined ? 0 : 4 }
      const app = linted(application((request) => new Response(body()).makeConditional(request, options)))
      await answer(app, environOf("/", { HTTP_RANGE: "bytes=1-2" }))
    })
  })

  test("a form, a redirect and an error break no rule", async () => {
    const form = linted(application(async (request) => new Response(String((await request.form()).size))))
    expect(
      (await answer(form, environOf("/", { CONTENT_TYPE: "application/x-www-form-urlencoded" }, "a=1"))).text,
    ).toBe("1")
    await answer(linted(application(() => redirect("/x"))))
    await answer(linted(application(() => Promise.reject(new NotFound()))))
  })
})

test("with frozen prototypes, the names of their members are ordinary data everywhere", {
  timeout: 30_000,
}, async () => {
  const fixture = new URL("../fixtures/frozen-prototypes.ts", import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", fixture])
  const { found, missing } = JSON.parse(stdout) as { found: Awaited<ReturnType<typeof answer>>; missing: string }
  expect(missing).toBe("404 Not Found")
  expect(found.text).toBe(Array(4).fill("query,cookie,form").join(" "))
  expect(found.headers).toContainEqual(["__proto__", "set"])
  expect(found.headers).toContainEqual(["Vary", "__proto__, constructor, toString, hasOwnProperty"])
})

describe("types", () => {
  test("the view's parameter is the class that made the application, which is an Application", () => {
    const app = MyRequest.application((request) => {
      expectTypeOf(request).toEqualTypeOf<MyRequest>()
      return new Response(request.name)
    })
    expectTypeOf(app).toExtend<Application>()
    expectTypeOf(application).returns.toBeCallableWith({} as Environ, startResponse)
    const plain = application((request) => {
      expectTypeOf(request).toEqualTypeOf<Request>()
      return new Response("x")
    })
    expectTypeOf(plain).toExtend<Application>()
    // @ts-expect-error a view returns something that can answer
    application(() => "text")
  })
})

describe("the decorator", () => {
  test("makes methods applications, with their class and this, when TypeScript compiles it", {
    timeout: 60_000,
  }, async () => {
    const out = await mkdtemp(join(tmpdir(), "werkstatt-"))
    try {
      const root = new URL("../../", import.meta.url).pathname
      const tsc = join(root, "node_modules/typescript/bin/tsc")
      const compiled = promisify(execFile)(process.execPath, [tsc, "-p", "test/fixtures/decorators", "--outDir", out], {
        cwd: root,
      })
      const { stdout } = await compiled.catch((error: { stdout: string }) => error)
      expect(stdout.split("\n").filter((line) => line.includes("decorators/"))).toEqual([])
      const { makeSite } = await import(pathToFileURL(join(out, "test/fixtures/decorators/site.js")).href)
      const site = new (makeSite(Request, Response))()
      site.greeting = "Hi"
      const call = (name: string): Promise<string> =>
        answer((environ, start) => site[name](environ, start), environOf("/p?name=you")).then(({ text }) => text)
      expect(await call("hello")).toBe("Hi you!")
      expect(await call("later")).toBe("Hi from /p")
      expect(await call("field")).toBe("Hi you?")
    } finally {
      await rm(out, { recursive: true })
    }
  })
})
