import { describe, expect, test } from "vitest"
import { defaultExceptions } from "../../src/exceptions/default-exceptions.ts"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import * as statuses from "../../src/exceptions/statuses.ts"
import { SafeHtml } from "../../src/http/html.ts"
import { reasonPhrase } from "../../src/http/status.ts"
import { answer, headerOf } from "./answer.ts"

const {
  BadRequest,
  BadRequestKeyError,
  InternalServerError,
  MethodNotAllowed,
  NotFound,
  ProxyAuthenticationRequired,
  RequestedRangeNotSatisfiable,
  ServiceUnavailable,
  TooManyRequests,
  Unauthorized,
} = statuses

test.each(Object.entries(statuses))(
  "%s answers with its code, the phrase of RFC 9110, and words",
  async (name, type) => {
    const error = new type()
    const { status, text } = await answer(error)
    expect(status).toBe(`${type.code} ${reasonPhrase(type.code)}`)
    expect(reasonPhrase(type.code)).not.toBe("Unknown")
    expect(text).toMatch(/<p>.{20,}<\/p>/)
    expect(text, "markup that is shown as text").not.toMatch(/&lt;|&amp;lt;/)
    expect(error).toBeInstanceOf(HTTPException)
    expect(error.constructor.name).toBe(name)
  },
)

test.each(Object.entries(statuses))("%s answers with a response as it is", async (_name, type) => {
  const response = new NotFound("mine")
  const error = new (type as new (...args: unknown[]) => HTTPException)(
    ...(type === MethodNotAllowed || type === BadRequestKeyError ? [undefined] : []),
    ...(type === RequestedRangeNotSatisfiable ? [undefined, undefined] : []),
    { response },
  )
  expect(await answer(error)).toEqual(await answer(response))
})

test("the default classes hold the first class of each code, in order", () => {
  const codes = [...defaultExceptions.keys()]
  expect(codes).toEqual([...codes].sort((a, b) => a - b))
  expect(defaultExceptions.get(400)).toBe(BadRequest)
  for (const [code, type] of defaultExceptions) expect(type.code).toBe(code)
  for (const type of Object.values(statuses)) expect(defaultExceptions.has(type.code)).toBe(true)
})

describe("BadRequestKeyError", () => {
  test("keeps its key for the code, and from the page", () => {
    const error = new BadRequestKeyError("secret")
    expect(error.key).toBe("secret")
    expect(error.description).toBe(BadRequest.description)
  })

  test("names the key on the page when the error or its class says so", () => {
    const error = new BadRequestKeyError("<key>")
    error.showException = true
    expect(error.getDescription()).toContain("<br>Missing key: &#34;&lt;key&gt;&#34;</p>")
    error.description = "own"
    expect(error.description).toBe('own\nMissing key: "<key>"')
    class Debugged extends BadRequestKeyError {
      static override showException = true
    }
    expect(new Debugged("k").description).toContain('Missing key: "k"')
    expect(new Debugged().description).toBe(BadRequest.description)
    expect(String(new Debugged("k", new SafeHtml("<b>")).description)).toBe("<b>")
  })
})

describe("Unauthorized", () => {
  const header = (error: HTTPException) =>
    error.getHeaders().flatMap(([name, value]) => (name === "WWW-Authenticate" ? [value] : []))

  test("sends a header for each challenge: text, object, or several", () => {
    const bearer = { toHeader: () => "Bearer" }
    expect(header(new Unauthorized())).toEqual([])
    expect(header(new Unauthorized("text"))).toEqual([])
    expect(header(new Unauthorized({ wwwAuthenticate: [] }))).toEqual([])
    expect(header(new Unauthorized({ wwwAuthenticate: "Basic" }))).toEqual(["Basic"])
    expect(header(new Unauthorized({ wwwAuthenticate: bearer }))).toEqual(["Bearer"])
    expect(header(new Unauthorized({ wwwAuthenticate: new Set(["Basic", bearer]) }))).toEqual(["Basic", "Bearer"])
  })

  test("takes a header object for one challenge even if it is iterable", () => {
    const challenge = Object.assign(new Map([["realm", "x"]]), { toHeader: () => "Digest" })
    expect(header(new Unauthorized({ wwwAuthenticate: challenge as { toHeader(): string } }))).toEqual(["Digest"])
  })

  test("refuses text that would break the header", () => {
    expect(() => new Unauthorized({ wwwAuthenticate: "Basic\r\nX: 1" })).toThrow(TypeError)
  })
})

test("ProxyAuthenticationRequired sends its challenges", () => {
  expect(new ProxyAuthenticationRequired({ proxyAuthenticate: "Basic" }).getHeaders()).toContainEqual([
    "Proxy-Authenticate",
    "Basic",
  ])
})

describe("MethodNotAllowed", () => {
  test("lists the methods that would do", async () => {
    const error = new MethodNotAllowed(new Set(["GET", "PUT"]), "not so")
    expect(headerOf(await answer(error), "Allow")).toBe("GET, PUT")
    expect(error.description).toBe("not so")
    expect(headerOf({ headers: new MethodNotAllowed([]).getHeaders() }, "Allow")).toBeUndefined()
    expect(headerOf({ headers: new MethodNotAllowed().getHeaders() }, "Allow")).toBeUndefined()
  })

  test("refuses what is no method", () => {
    for (const method of ["", "GET POST", "GET\r\n"]) expect(() => new MethodNotAllowed([method])).toThrow(TypeError)
  })
})

test("RequestedRangeNotSatisfiable tells the length, in its units", () => {
  const range = (...args: [number?, string?]) =>
    headerOf({ headers: new RequestedRangeNotSatisfiable(...args).getHeaders() }, "Content-Range")
  expect(range(10)).toBe("bytes */10")
  expect(range(0, "items")).toBe("items */0")
  expect(range()).toBeUndefined()
  for (const length of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => range(length)).toThrow(RangeError)
  expect(() => range(1, "by tes")).toThrow(TypeError)
})

describe.each([
  ["TooManyRequests", TooManyRequests],
  ["ServiceUnavailable", ServiceUnavailable],
])("%s", (_name, type) => {
  const header = (retryAfter: number | Date | undefined) =>
    headerOf({ headers: new type({ retryAfter }).getHeaders() }, "Retry-After")

  test("says when to try again, in seconds or as a date", () => {
    expect(header(60)).toBe("60")
    expect(header(0)).toBe("0")
    expect(header(new Date("2030-01-02T03:04:05Z"))).toBe("Wed, 02 Jan 2030 03:04:05 GMT")
    expect(header(undefined)).toBeUndefined()
    expect(headerOf({ headers: new type("text").getHeaders() }, "Retry-After")).toBeUndefined()
  })

  test("refuses what is neither", () => {
    for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, new Date("no")]) {
      expect(() => header(wrong)).toThrow(RangeError)
    }
    const error = new type()
    expect(() => {
      error.retryAfter = -1
    }).toThrow(RangeError)
    error.retryAfter = 5
    expect(headerOf({ headers: error.getHeaders() }, "Retry-After")).toBe("5")
  })
})

test("InternalServerError keeps the error that was not handled, as its cause too", () => {
  const original = new Error("boom")
  const error = new InternalServerError({ originalException: original })
  expect([error.originalException, error.cause]).toEqual([original, original])
  expect(new InternalServerError({ originalException: original, cause: "other" }).cause).toBe("other")
  expect("cause" in new InternalServerError("text")).toBe(false)
})
