// The commonest mistakes, and what a programmer is told: the value that was passed, where, and what to write instead. Types
// find most of them; here they are made as in JavaScript, or as where a type was lost. Each throws in the programmer's own call.

import { createServer as createNodeServer } from "node:http"
import { tmpdir } from "node:os"
import { describe, expect, test } from "vitest"
import { createServer } from "../src/adapters/node.ts"
import { responder, runApplication } from "../src/environ/index.ts"
import { abort } from "../src/exceptions/index.ts"
import { sendFile, sendFromDirectory } from "../src/files/index.ts"
import { withContext } from "../src/local.ts"
import * as layers from "../src/middleware/index.ts"
import { compose, cors, dispatcher, rewrite, sharedData } from "../src/middleware/index.ts"
import { httpProxy } from "../src/proxy/index.ts"
import { makeServer, runSimple } from "../src/serving/index.ts"
import { Client, createEnviron, EnvironBuilder } from "../src/testing/index.ts"
import { application, Request, Response, redirect } from "../src/wrappers/index.ts"
import { serve, talk } from "./support/server.ts"

// biome-ignore lint/suspicious/noExplicitAny: a mistake has any type
type Any = any

const app = application(() => new Response("hi"))
const environ = createEnviron("/")
const request = new Request(environ)
const view = (returns: Any) => () => new Client(application((() => returns) as Any)).get("/")
const platform = new globalThis.Response("hi")

const SHAPE = "An application is a function, (environ, startResponse) => body, as application((request) => …) makes it."
const STATUS = 'A status is a code from 100 to 999, or a text that starts with one, as "404 Not Found", not'
const BODY = "a response body must be text, bytes, an iterable of these, a ReadableStream or null, not"

const make = (...args: Any[]) => new (Response as Any)(...args)
const layer = (name: string, ...args: Any[]) => (layers as Any)[name](...args)

type Mistake = [mistake: string, make: () => unknown, message: string, type?: typeof Error]

const mistakes: Record<string, Mistake[]> = {
  "what a view returns": [
    ["nothing", view(undefined), "a view must return a Response, not undefined. Is a return missing?"],
    ["null", view(null), "a view must return a Response, not null. Another Responder or an application will do, too."],
    ["a text", view("hi"), 'a view must return a Response, not "hi". Write: return new Response(…)'],
    ["an object", view({ a: 1 }), "a view must return a Response, not a plain object. Write: return Response.json(…)"],
    ["an array", view([1]), "a view must return a Response, not an array. Write: return Response.json(…)"],
    [
      "bytes",
      view(new Uint8Array(1)),
      "a view must return a Response, not an instance of Uint8Array. Write: return new Response(…)",
    ],
    [
      "a number",
      view(404),
      "a view must return a Response, not 404. Another Responder or an application will do, too.",
    ],
    [
      "the platform's Response",
      view(platform),
      'a view must return a Response, not the platform\'s Response. Import Response from "werkstatt"; that one answers requests.',
    ],
    [
      "a promise of nothing",
      view(Promise.resolve()),
      "a view must return a Response, not undefined. Is a return missing?",
    ],
    [
      "nothing, in responder",
      () => responder((() => undefined) as Any)(environ, () => undefined as Any),
      "Is a return missing?",
    ],
  ],
  "what a view is": [
    ["nothing", () => application(undefined as Any), "application takes a view, (request) => response, not undefined"],
    [
      "a response",
      () => application(new Response() as Any),
      "application takes a view, (request) => response, not an instance of Response",
    ],
  ],
  "new Response": [
    [
      "a status behind the body",
      () => make("x", 404),
      "new Response takes its options as an object, not 404: new Response(body, { status: 404 })",
    ],
    [
      "a type behind the body",
      () => make("x", "text/html"),
      'new Response takes its options as an object, not "text/html": new Response(body, { mimetype: "text/html" })',
    ],
    [
      "statusCode",
      () => make("x", { statusCode: 404 }),
      'new Response has no option "statusCode". Did you mean "status"?',
    ],
    ["header", () => make("x", { header: {} }), 'new Response has no option "header". Did you mean "headers"?'],
    [
      "mimeType",
      () => make("x", { mimeType: "text/html" }),
      'new Response has no option "mimeType". Did you mean "mimetype"?',
    ],
    [
      "content_type",
      () => make("x", { content_type: "a/b" }),
      'new Response has no option "content_type". Did you mean "contentType"?',
    ],
    [
      "statusText",
      () => make("x", { statusText: "Gone" }),
      'new Response has no option "statusText". Did you mean "status"?',
    ],
    [
      "cookies",
      () => make("x", { cookies: {} }),
      'new Response has no option "cookies". It has: status, headers, mimetype, contentType, directPassthrough',
    ],
    ["status -1", () => make("x", { status: -1 }), `${STATUS} -1`, RangeError],
    ["status 99", () => make("x", { status: 99 }), `${STATUS} 99`, RangeError],
    ["status 1000", () => make("x", { status: 1000 }), `${STATUS} 1000`, RangeError],
    ["status NaN", () => make("x", { status: Number.NaN }), `${STATUS} NaN`, RangeError],
    ["status ok", () => make("x", { status: "ok" }), `${STATUS} "ok"`],
    ["status true", () => make("x", { status: true }), `${STATUS} true`],
    ["a number as body", () => make(5), `${BODY} 5. As text: String(…)`],
    ["an object as body", () => make({ a: 1 }), `${BODY} a plain object. For JSON write: Response.json(…)`],
    ["a promise as body", () => make(Promise.resolve("x")), `${BODY} a promise. Is an await missing?`],
    ["a function as body", () => make(() => "x"), `${BODY} a function`],
    [
      "the platform's Response as body",
      () => make(platform),
      `${BODY} the platform's Response. Its body is a ReadableStream: response.body`,
    ],
    [
      "a Blob as body",
      () => make(new Blob(["x"])),
      `${BODY} an instance of Blob. Its content is a ReadableStream: blob.stream()`,
    ],
    [
      "a number among the chunks",
      () => make([5]).headers && make([5]).calculateContentLength(),
      "a chunk of a response body must be a string or a Uint8Array, not 5",
    ],
  ],
  "a Response": [
    [
      "json of a promise",
      () => Response.json(Promise.resolve(1)),
      "JSON has no value for a promise. Is an await missing?",
    ],
    [
      "json of an object with a promise in it",
      () => Response.json({ users: Promise.resolve([]) }),
      "JSON has no value for a promise, and there is one in the value. Is an await missing?",
    ],
    [
      "json of promises",
      () => Response.json([1].map(async (n) => n)),
      "JSON has no value for a promise, and there is one in the value. Is an await missing?",
    ],
    ["json of nothing", () => Response.json(undefined), "JSON has no value for undefined"],
    ["json of a function", () => Response.json(app), "JSON has no value for a function"],
    [
      "status = 99",
      () => {
        new Response().status = 99
      },
      `${STATUS} 99`,
      RangeError,
    ],
    [
      "statusCode = 0",
      () => {
        new Response().statusCode = 0
      },
      `${STATUS} 0`,
      RangeError,
    ],
    [
      'statusCode = "ok"',
      () => {
        new Response().statusCode = "ok" as Any
      },
      `${STATUS} "ok"`,
    ],
    [
      "body = 5",
      () => {
        new Response().body = 5 as Any
      },
      `${BODY} 5. As text: String(…)`,
    ],
    [
      'headers["X"] = …',
      () => {
        ;(new Response().headers as Any)["X"] = "1"
      },
      'headers["X"] = … sets nothing. Write: headers.set("X", …)',
    ],
    [
      'headers["content-type"] = …',
      () => {
        ;(new Response().headers as Any)["content-type"] = "1"
      },
      'headers["content-type"] = … sets nothing. Write: headers.set("content-type", …)',
    ],
    [
      "headers.location = …",
      () => {
        ;(new Response().headers as Any).location = "/"
      },
      'headers["location"] = … sets nothing. Write: headers.set("location", …)',
    ],
    [
      'headers["x-a"]',
      () => (new Response().headers as Any)["x-a"],
      'headers["x-a"] reads nothing. Write: headers.get("x-a")',
    ],
    [
      "setCookie of an object",
      () => new Response().setCookie("a", {} as Any),
      "The value of the cookie a must be a text, not a plain object. As JSON: JSON.stringify(…)",
    ],
    [
      "setCookie of an array",
      () => new Response().setCookie("a", ["x"] as Any),
      "The value of the cookie a must be a text, not an array. As JSON: JSON.stringify(…)",
    ],
    [
      "setCookie of null",
      () => new Response().setCookie("a", null as Any),
      "The value of the cookie a must be a text, not null",
    ],
    [
      "setCookie of a promise",
      () => new Response().setCookie("a", Promise.resolve("x") as Any),
      "The value of the cookie a must be a text, not a promise",
    ],
    [
      "setCookie with httponly",
      () => new Response().setCookie("a", "b", { httponly: true } as Any),
      'setCookie has no option "httponly". Did you mean "httpOnly"?',
    ],
    [
      "setCookie with samesite",
      () => new Response().setCookie("a", "b", { samesite: "lax" } as Any),
      'setCookie has no option "samesite". Did you mean "sameSite"?',
    ],
    [
      "setCookie with max_age",
      () => new Response().setCookie("a", "b", { max_age: 5 } as Any),
      'setCookie has no option "max_age". Did you mean "maxAge"?',
    ],
    [
      "setCookie with seconds in place of options",
      () => new Response().setCookie("a", "b", 3600 as Any),
      "setCookie takes its options as an object, not 3600",
    ],
    [
      "setCookie with a sameSite that there is not",
      () => new Response().setCookie("a", "b", { sameSite: "some" }),
      'sameSite is strict, lax or none, not "some"',
    ],
    ["setCookie with a name with a space", () => new Response().setCookie("a b", "c"), 'Not a cookie name: "a b"'],
  ],
  "a Request": [
    [
      "made of nothing",
      () => new Request(undefined as Any),
      "new Request takes the environ of the request, not undefined",
    ],
    [
      "made of a URL",
      () => new Request("http://localhost" as Any),
      'new Request takes the environ of the request, not "http://localhost"',
    ],
    [
      'headers["x-a"]',
      () => (request.headers as Any)["x-a"],
      'headers["x-a"] reads nothing. Write: headers.get("x-a")',
    ],
    [
      'headers["X"] = …',
      () => {
        ;(request.headers as Any)["X"] = "1"
      },
      'headers["X"] = … sets nothing. They cannot be changed.',
    ],
  ],
  redirect: [
    ["to nothing", () => redirect(undefined as Any), "redirect takes a location, a text or a URL, not undefined"],
    ["to a number", () => redirect(301 as Any, "/" as Any), "redirect takes a location, a text or a URL, not 301"],
    [
      "with options",
      () => redirect("/", { status: 301 } as Any),
      "redirect takes the code behind the location, not a plain object",
    ],
    ["with 200", () => redirect("/", 200), "the code of a redirect is 201 or from 300 to 399, not 200", RangeError],
  ],
  abort: [
    ["with a text", () => abort("404" as Any), "there is no HTTP error for 404", RangeError],
    ["with 200", () => abort(200), "there is no HTTP error for 200", RangeError],
  ],
  compose: [
    [
      "cors without its application",
      () => compose(app, cors({ origins: "*" } as Any, undefined as Any) as Any),
      "cors takes an application, not a plain object. It comes first: cors(app, …), and in compose: (app) => cors(app, …).",
    ],
    [
      "a layer that was not given its options",
      () => compose(app, cors as Any),
      "layer 0 of compose must be a function, (app) => app. It takes more than that; bind what else it needs: (app) => cors(app, …)",
    ],
    [
      "an application in place of a layer",
      () => compose(app, cors(app, { origins: "*" }) as Any),
      "layer 0 of compose must be a function, (app) => app. It takes more than that; bind what else it needs: (app) => cors(app, …)",
    ],
    [
      "a list of layers",
      () => compose(app, [layers.compress] as Any),
      "layer 0 of compose must be a function, (app) => app, not an array",
    ],
    [
      "a layer that gives nothing",
      () => compose(app, (() => {}) as Any),
      `layer 0 of compose takes an application, not undefined. ${SHAPE}`,
    ],
    ["no application", () => compose(undefined as Any), `compose takes an application, not undefined. ${SHAPE}`],
  ],
  "a layer": [
    [
      "cors with origin",
      () => cors(app, { origin: "*" } as Any),
      'cors has no option "origin". Did you mean "origins"?',
    ],
    [
      "cors without options",
      () => cors(app, undefined as Any),
      "cors needs options: { origins, methods, headers, exposedHeaders, credentials, maxAgeSeconds }",
    ],
    [
      "cors with one origin as text",
      () => cors(app, { origins: "https://a.test" as Any }),
      "a list of origins is wanted, not the text https://a.test",
    ],
    [
      "cors with a URL as origin",
      () => cors(app, { origins: ["https://a.test/"] }),
      'not an origin as browsers send it: "https://a.test/", it is https://a.test',
    ],
    ["timeout without options", () => layer("timeout", app), "timeout needs options: { timeoutMs, retryAfterSeconds }"],
    ["timeout with a number", () => layer("timeout", app, 5000), "timeout takes its options as an object, not 5000"],
    ["bodyLimit without options", () => layer("bodyLimit", app), "bodyLimit needs options: { maxBytes }"],
    ["bodyLimit with a number", () => layer("bodyLimit", app, 10), "bodyLimit takes its options as an object, not 10"],
    [
      "addressFilter without options",
      () => layer("addressFilter", app),
      "addressFilter needs options: { allow, deny }",
    ],
    [
      "transformBody without options",
      () => layer("transformBody", app),
      "transformBody needs options: { types, transform }",
    ],
    [
      "proxyFix with Werkzeug's names",
      () => layer("proxyFix", app, { x_for: 1 }),
      'proxyFix has no option "x_for". Did you mean "for"?',
    ],
    [
      "compress with encodings",
      () => layer("compress", app, { coding: ["br"] }),
      'compress has no option "coding". Did you mean "codings"?',
    ],
    [
      "requestId with headers",
      () => layer("requestId", app, { headers: "X" }),
      'requestId has no option "headers". Did you mean "header"?',
    ],
    [
      "accessLog with a format that there is not",
      () => layer("accessLog", app, { format: "apache" }),
      "no format of an access log: apache",
    ],
    [
      "profiler with dir",
      () => layer("profiler", app, { profilerDir: "x" }),
      'profiler has no option "profilerDir". Did you mean "profileDir"?',
    ],
    [
      "sharedData without exports",
      () => sharedData(app, undefined as Any),
      'sharedData takes exports, { "/path": folder }, not undefined',
    ],
    [
      "sharedData with a folder alone",
      () => sharedData(app, "./static" as Any),
      'sharedData takes exports, { "/path": folder }, not "./static"',
    ],
    [
      "sharedData with max_age",
      () => sharedData(app, {}, { maxAge: 5 } as Any),
      'sharedData has no option "maxAge". Did you mean "maxAgeSeconds"?',
    ],
    [
      "dispatcher without mounts",
      () => dispatcher(app, undefined as Any),
      'dispatcher takes mounts, { "/path": app }, not undefined',
    ],
    [
      "dispatcher with a mount without a slash",
      () => dispatcher(app, { shop: app }),
      'a mount is a path that starts with "/", or "//" and a host, not "shop"',
    ],
    [
      "dispatcher with something else mounted",
      () => dispatcher(app, { "/shop": {} as Any }),
      `"/shop" of dispatcher takes an application, not a plain object. ${SHAPE}`,
    ],
    [
      "rewrite with an object",
      () => rewrite(app, { "/a": "/b" } as Any),
      "rewrite takes a list of rules, [[from, to]], not a plain object",
    ],
    [
      "httpProxy without targets",
      () => httpProxy(app, undefined as Any),
      'httpProxy takes targets, { "/path": url }, not undefined',
    ],
    [
      "httpProxy with timeout",
      () => httpProxy(app, {}, { timeout: 5 } as Any),
      'httpProxy has no option "timeout". Did you mean "timeoutMs"?',
    ],
    [
      "withContext around a view's result",
      () => withContext(new Map() as Any),
      `withContext takes an application, not an instance of Map. ${SHAPE}`,
    ],
  ],
  "a server": [
    [
      "makeServer with the application alone",
      () => (makeServer as Any)(app),
      'makeServer takes a hostname, a port and an application, and the hostname is a function. Write: makeServer("localhost", 4000, app)',
    ],
    [
      "makeServer without an application",
      () => (makeServer as Any)("localhost", 0),
      `makeServer takes an application, not undefined. ${SHAPE}`,
    ],
    [
      "makeServer with a promise",
      () => makeServer("localhost", 0, Promise.resolve(app) as Any),
      "makeServer takes an application, not a promise. Is an await missing?",
    ],
    [
      "makeServer with acessLog",
      () => makeServer("localhost", 0, app, { acessLog: false } as Any),
      'makeServer has no option "acessLog". Did you mean "accessLog"?',
    ],
    [
      "makeServer with an option of runSimple",
      () => makeServer("localhost", 0, app, { useReloader: true } as Any),
      'makeServer has no option "useReloader". It has: ',
    ],
    ["makeServer with a port that is none", () => makeServer("localhost", 65_536, app), "65536", RangeError],
    [
      "runSimple with the application alone",
      () => (runSimple as Any)(app, 4000),
      "runSimple takes a hostname, a port and an application, and the hostname is a function.",
    ],
    [
      "runSimple with reload",
      () => runSimple("localhost", 0, app, { reloader: true } as Any),
      'runSimple has no option "reloader". Did you mean "useReloader"?',
    ],
    [
      "createServer of a server",
      () => createServer(createNodeServer() as Any),
      `an application is wanted, not a server of Node. ${SHAPE}`,
    ],
    [
      "a Hono application",
      () => makeServer("localhost", 0, { fetch() {}, request() {}, route() {}, onError() {} } as Any),
      'makeServer takes an application, not an application of Hono. Mount it with fromFetch(…) of "werkstatt/adapters/fetch".',
    ],
    [
      "an Express application",
      () =>
        makeServer("localhost", 0, Object.assign(() => {}, { handle() {}, use() {}, set() {}, listen() {} }) as Any),
      'makeServer takes an application, not an application of Express. Mount it with fromConnect(…) of "werkstatt/adapters/connect".',
    ],
  ],
  "the test client": [
    ["of nothing", () => new Client(undefined as Any), `new Client takes an application, not undefined. ${SHAPE}`],
    [
      "of a URL",
      () => new Client("http://localhost" as Any),
      `new Client takes an application, not "http://localhost". ${SHAPE}`,
    ],
    [
      "with an option that there is not",
      () => new Client(app, { cookies: false } as Any),
      'new Client has no option "cookies". Did you mean "useCookies"?',
    ],
    [
      "asked with header",
      () => new Client(app).get("/", { header: {} } as Any),
      'a request has no option "header". Did you mean "headers"?',
    ],
    [
      "asked with query",
      () => new Client(app).get("/", { query: {} } as Any),
      'a request has no option "query". Did you mean "queryString"?',
    ],
    [
      "asked with a body",
      () => new Client(app).post("/", { body: "x" } as Any),
      'a request has no option "body". It has: path, ',
    ],
    [
      "an environ made with headers alone",
      () => new EnvironBuilder("/", { header: {} } as Any),
      'a request has no option "header". Did you mean "headers"?',
    ],
    [
      "runApplication of nothing",
      () => runApplication(undefined as Any, environ),
      `runApplication takes an application, not undefined. ${SHAPE}`,
    ],
  ],
  "a file": [
    [
      "sent without an environ",
      () => (sendFile as Any)("a.txt"),
      "sendFile takes the environ of the request, not undefined",
    ],
    [
      "sent with the request",
      () => sendFile("a.txt", request as Any),
      "sendFile takes the environ of the request, not an instance of Request. Write: request.environ",
    ],
    [
      "sent with attachment",
      () => sendFile("a.txt", environ, { attachment: true } as Any),
      'sendFile has no option "attachment". Did you mean "asAttachment"?',
    ],
    [
      "of a directory, with the request",
      () => sendFromDirectory(tmpdir(), "a.txt", request as Any),
      "sendFromDirectory takes the environ of the request, not an instance of Request. Write: request.environ",
    ],
    [
      "of a directory, with dotfiles",
      () => sendFromDirectory(tmpdir(), "a.txt", environ, { dotfiles: true } as Any),
      'sendFromDirectory has no option "dotfiles". Did you mean "dotFiles"?',
    ],
  ],
}

describe.each(Object.entries(mistakes))("%s", (_, table) => {
  test.each(table)("%s", async (_mistake, act, message, type = TypeError) => {
    let thrown: unknown
    try {
      await act()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(type)
    expect((thrown as Error).message).toContain(message)
    expect((thrown as Error).message).not.toContain("\n")
  })
})

test("the table has some seventy mistakes and more", () => {
  expect(Object.values(mistakes).flat().length).toBeGreaterThan(70)
})

test("a status that no server would send throws with the stack of the view", async () => {
  function theView() {
    return new Response("x", { status: 99 })
  }
  const error: Error = await new Client(application(theView)).get("/").then(
    () => new Error("it answered"),
    (reason) => reason,
  )
  expect(error.stack).toContain("theView")
})

describe("what is right", () => {
  test("is not disturbed: subclasses take options of their own, and fields", () => {
    class Page extends Response {
      constructor(body: string, options: { title: string }) {
        super(body, options as object)
      }
    }
    expect(new Page("x", { title: "a" }).status).toBe("200 OK")
    class Own extends (new Response().headers.constructor as Any) {
      declare note: string
      mark() {
        this.note = "a"
        return this
      }
    }
    expect(new (Own as Any)().mark().note).toBe("a")
  })

  test("a number or a boolean is a value of a cookie", () => {
    const response = new Response()
    response.setCookie("a", 5 as Any)
    response.setCookie("b", true as Any)
    expect(response.headers.getAll("Set-Cookie")).toEqual(["a=5; Path=/", "b=true; Path=/"])
  })

  test("a URL is a location", () => {
    expect(redirect(new URL("https://a.test/b")).location).toBe("https://a.test/b")
  })

  test("headers are inspected, compared and copied as before", () => {
    const { headers } = new Response("a")
    expect(headers).toEqual(headers.copy())
    expect("X-A" in headers).toBe(false)
    expect(Object.keys(headers)).toEqual([])
    expect(`${headers}`).toContain("Content-Type")
    expect(new globalThis.Headers([...headers]).get("content-length")).toBe("1")
  })
})

describe("what is thrown that is no Error", () => {
  test.each<[thrown: unknown, words: string]>([
    [undefined, "it threw undefined, which is no Error"],
    ["text", 'it threw "text", which is no Error'],
    [{ status: 404 }, "it threw a plain object, which is no Error"],
  ])("%o is logged with a hint, and answered with 500", async (thrown, words) => {
    for (const isLate of [false, true]) {
      const failing = application(() => {
        if (isLate) return Promise.reject(thrown)
        throw thrown
      })
      const { port, errors } = await serve(failing)
      expect(await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 500 /)
      expect(errors.join("")).toContain(`the application failed: ${words} and does not know where it was thrown`)
    }
  })

  test("an Error is logged with its stack alone", async () => {
    const failing = application(() => {
      throw new Error("mine")
    })
    const { port, errors } = await serve(failing)
    await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(errors.join("")).toMatch(/the application failed\nError: mine\n/)
  })
})
