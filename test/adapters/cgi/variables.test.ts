import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { GatewayExchange } from "../../../src/adapters/cgi/gateway-exchange.ts"
import {
  checkScriptName,
  FaultyRequest,
  requestOfVariables,
  type VariableRequest,
  type VariableSettings,
} from "../../../src/adapters/cgi/variables.ts"
import type { Environ } from "../../../src/gateway.ts"
import { drive } from "../../../src/running/driver.ts"
import { environOf, Refusal } from "../../../src/running/environ.ts"
import { Service } from "../../../src/running/service.ts"
import { expectLinear } from "../../support/growth.ts"
import { linted } from "../../support/lint.ts"

const SOCKET: VariableSettings = { scriptName: undefined, loneScriptName: "path", unknownLength: "always" }
const CGI: VariableSettings = { scriptName: undefined, loneScriptName: "mount", unknownLength: "chunked" }

class Silent extends GatewayExchange {
  override start(): void {}
  override write(): boolean {
    return true
  }
  override end(): void {}
  override destroy(): void {}
}

const never = Number.POSITIVE_INFINITY
const limits = { firstByteMs: never, headMs: never, requestMs: 0, keepAliveMs: never, sendMs: 0, idleLingerMs: never }

function requestOf(variables: Record<string, string>, settings = SOCKET): VariableRequest | FaultyRequest {
  return requestOfVariables(Object.entries({ REQUEST_METHOD: "GET", ...variables }).flat(), settings)
}

/** The environ of a request with these variables, checked by the linter; or the status and why it is refused. */
function environFor(variables: Record<string, string>, settings = SOCKET): Environ | string {
  const request = requestOf(variables, settings)
  if (request instanceof FaultyRequest) return `${request.code} ${request.why}`
  const faults: string[] = []
  let seen: Environ | undefined
  const app = linted(
    (environ, startResponse) => {
      seen = environ
      startResponse("204 No Content", [])
      return []
    },
    { allow: ["L9"] },
  )
  const service = new Service(
    app,
    { errors: { write: (text) => void faults.push(text), writeLines() {}, flush() {} } },
    { limits },
  )
  const exchange = new Silent(service, { pause() {}, resume() {} })
  const environ = environOf(request.head, request.addresses, service, exchange)
  if (environ instanceof Refusal) return String(environ.code)
  drive(service.app, environ, exchange)
  expect(faults).toEqual([])
  return seen as Environ
}

/** Some of the environ. */
function variablesOf(variables: Record<string, string>, names: string[], settings = SOCKET): unknown {
  const environ = environFor(variables, settings)
  return typeof environ === "string" ? environ : names.map((name) => environ[name])
}

const place = (variables: Record<string, string>, settings = SOCKET) =>
  variablesOf(variables, ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI"], settings)

describe("the mount and the path", () => {
  // As they were recorded, for `/X/caf%C3%A9%2Fx?q=1`.
  const uri = { REQUEST_URI: "/X/caf%C3%A9%2Fx?q=1", QUERY_STRING: "q=1" }
  test.each<[front: string, variables: Record<string, string>, scriptName: string | undefined, expected: string[]]>([
    ["nginx fastcgi_pass", { SCRIPT_NAME: "/X/caf\xc3\xa9/x" }, undefined, ["", "/X/caf\xc3\xa9/x"]],
    ["nginx fastcgi_pass, mounted", { SCRIPT_NAME: "/X/caf\xc3\xa9/x" }, "/X", ["/X", "/caf\xc3\xa9/x"]],
    ["nginx scgi_pass", { DOCUMENT_URI: "/X/caf\xc3\xa9/x" }, undefined, ["", "/X/caf\xc3\xa9/x"]],
    ["nginx scgi_pass, mounted", { DOCUMENT_URI: "/X/caf\xc3\xa9/x" }, "/X/", ["/X", "/caf\xc3\xa9/x"]],
    ["nginx uwsgi_pass", { PATH_INFO: "/X/caf\xc3\xa9/x" }, undefined, ["", "/X/caf\xc3\xa9/x"]],
    ["lighttpd", { SCRIPT_NAME: "/X", PATH_INFO: "/caf\xc3\xa9/x" }, undefined, ["/X", "/caf\xc3\xa9/x"]],
    ["lighttpd, mounted at the root", { SCRIPT_NAME: "/X", PATH_INFO: "/caf\xc3\xa9/x" }, "", ["", "/X/caf\xc3\xa9/x"]],
    ["Apache mod_proxy_fcgi", { SCRIPT_NAME: "/X/caf\xc3\xa9%2Fx" }, undefined, ["", "/X/caf\xc3\xa9%2Fx"]],
    ["Apache mod_proxy_uwsgi", { SCRIPT_NAME: "/X", PATH_INFO: "/y" }, undefined, ["/X", "/y"]],
    ["fastcgi_split_path_info without a rest", { SCRIPT_NAME: "/X", PATH_INFO: "" }, undefined, ["/X", ""]],
    ["the target alone", {}, undefined, ["", "/X/caf\xc3\xa9/x"]],
    ["the target alone, mounted", {}, "/X", ["/X", "/caf\xc3\xa9/x"]],
    ["a mount with a slash at its end", { SCRIPT_NAME: "/X/", PATH_INFO: "y" }, undefined, ["/X", "/y"]],
    ["the root as mount", { SCRIPT_NAME: "/", PATH_INFO: "X" }, undefined, ["", "/X"]],
    ["exactly the mount", { SCRIPT_NAME: "/X" }, "/X", ["/X", ""]],
  ])("%s", (_front, variables, scriptName, expected) => {
    const settings = { ...SOCKET, scriptName: checkScriptName(scriptName) }
    expect(place({ ...uri, ...variables }, settings)).toEqual([...expected, "q=1", uri.REQUEST_URI])
  })

  test("a CGI script without a PATH_INFO is at its mount", () => {
    const variables = { SCRIPT_NAME: "/cgi-bin/app", QUERY_STRING: "" }
    expect(place(variables, CGI)).toEqual(["/cgi-bin/app", "", "", "/cgi-bin/app"])
  })

  test("a decoded path counts before the target, and so does the query", () => {
    const variables = { DOCUMENT_URI: "/a/b", REQUEST_URI: "/a/../a//b?x", QUERY_STRING: "y" }
    expect(place(variables)).toEqual(["", "/a/b", "y", "/a/../a//b?x"])
  })

  test("a target is made where there is none", () => {
    const variables = { SCRIPT_NAME: "/a b", PATH_INFO: "/\xc3\xa9?%", QUERY_STRING: "q=%20" }
    expect(place(variables)).toEqual(["/a b", "/\xc3\xa9?%", "q=%20", "/a%20b/%C3%A9%3F%25?q=%20"])
  })

  test.each([
    [{ PATH_INFO: "x" }, "400 the path does not begin with a slash"],
    [{ SCRIPT_NAME: "/X", PATH_INFO: "y" }, "400 PATH_INFO does not begin with a slash"],
    [{}, "400 there is no path: neither PATH_INFO, SCRIPT_NAME, DOCUMENT_URI nor REQUEST_URI"],
    [{ REQUEST_URI: "/a b" }, "400 REQUEST_URI has white space or control characters"],
    [{ REQUEST_URI: "/a\r\nX: y" }, "400 REQUEST_URI has white space or control characters"],
    [{ REQUEST_URI: "/a#b" }, "400 there is no path: neither PATH_INFO, SCRIPT_NAME, DOCUMENT_URI nor REQUEST_URI"],
    [{ REQUEST_URI: "/a#b", PATH_INFO: "/a" }, "400"],
    [{ PATH_INFO: "/a", QUERY_STRING: "a b" }, "400 QUERY_STRING has white space or control characters"],
    [{ PATH_INFO: "/a", REQUEST_URI: `/${"a".repeat(9000)}` }, "414"],
  ] as [Record<string, string>, string][])("%j is refused", (variables, expected) => {
    expect(environFor(variables)).toBe(expected)
  })

  test("a path that is not below the mount is not found", () => {
    const settings = { ...SOCKET, scriptName: "/shop" }
    expect(environFor({ PATH_INFO: "/shopping" }, settings)).toBe(
      "404 the path is not below the mount /shop (scriptName)",
    )
  })

  test("a mount that is no path is a TypeError", () => {
    expect(() => checkScriptName("shop")).toThrow(TypeError)
    expect([undefined, "", "/", "/a/", "/a"].map(checkScriptName)).toEqual([undefined, "", "", "/a", "/a"])
  })
})

describe("header fields", () => {
  const field = (variables: Record<string, string>, name: string) =>
    variablesOf({ PATH_INFO: "/", ...variables }, [name])

  test.each([
    ["a field with a name of its own", { HTTP_CONTENT_TYPE: "a/b" }, "HTTP_CONTENT_TYPE", undefined],
    ["the other one", { HTTP_CONTENT_LENGTH: "5" }, "HTTP_CONTENT_LENGTH", undefined],
    ["Proxy", { HTTP_PROXY: "http://evil.test" }, "HTTP_PROXY", undefined],
    ["an empty Content-Type", { CONTENT_TYPE: "" }, "CONTENT_TYPE", undefined],
    ["an empty Content-Length", { CONTENT_LENGTH: "" }, "CONTENT_LENGTH", undefined],
    ["a Content-Type", { CONTENT_TYPE: "a/b" }, "CONTENT_TYPE", "a/b"],
    ["a field of the client", { HTTP_X_FIRST_NAME: "Ada" }, "HTTP_X_FIRST_NAME", "Ada"],
    ["Authorization", { HTTP_AUTHORIZATION: "Basic eDp5" }, "HTTP_AUTHORIZATION", "Basic eDp5"],
    ["a name without a rest", { HTTP_: "x" }, "HTTP_", undefined],
    ["a prototype", { HTTP___PROTO__: "x" }, "HTTP___PROTO__", "x"],
  ] as [string, Record<string, string>, string, string | undefined][])("%s", (_, variables, name, expected) => {
    expect(field(variables, name)).toEqual([expected])
  })

  test("a field that comes twice is joined, as by every server", () => {
    const pairs = ["REQUEST_METHOD", "GET", "PATH_INFO", "/", "HTTP_X_N", "1", "HTTP_X_N", "2", "HTTP_COOKIE", "a=1"]
    const request = requestOfVariables([...pairs, "HTTP_COOKIE", "b=2"], SOCKET) as VariableRequest
    expect(request.head.fields).toEqual(["X-N", "1", "X-N", "2", "COOKIE", "a=1", "COOKIE", "b=2"])
  })

  test("another variable that comes twice has its last value; two lengths are refused", () => {
    const pairs = ["REQUEST_METHOD", "GET", "PATH_INFO", "/a", "PATH_INFO", "/b", "CONTENT_LENGTH", "1"]
    const request = requestOfVariables([...pairs, "CONTENT_LENGTH", "1"], SOCKET) as VariableRequest
    expect(request.addresses.further?.["PATH_INFO"]).toBe("/b")
    const refused = requestOfVariables([...pairs, "CONTENT_LENGTH", "2"], SOCKET) as FaultyRequest
    expect([refused.code, refused.why]).toEqual([400, "CONTENT_LENGTH has two values"])
  })

  test.each([
    [{ HTTP_X: "a\nSet-Cookie: b" }, "400 HTTP_X has control characters"],
    [{ HTTP_X: "a\0" }, "400 HTTP_X has control characters"],
    [{ CONTENT_TYPE: "a\r\nb" }, "400 CONTENT_TYPE has control characters"],
    [{ CONTENT_LENGTH: "1e3" }, "400 CONTENT_LENGTH is not a number"],
    [{ CONTENT_LENGTH: "-1" }, "400 CONTENT_LENGTH is not a number"],
    [{ CONTENT_LENGTH: "9".repeat(16) }, "400 CONTENT_LENGTH is not a number"],
    [{ REQUEST_METHOD: "" }, "400 there is no REQUEST_METHOD"],
    [{ REQUEST_METHOD: "GET /" }, "400 REQUEST_METHOD is not a method"],
    [{ HTTP_HOST: "a@b" }, "400"],
    [Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`HTTP_X${i}`, "x"])), "431"],
  ] as [Record<string, string>, string][])("%j is refused", (variables, expected) => {
    expect(environFor({ PATH_INFO: "/", ...variables })).toBe(expected)
  })
})

describe("the body", () => {
  const coded = { PATH_INFO: "/", SERVER_PROTOCOL: "HTTP/1.1", HTTP_TRANSFER_ENCODING: "chunked" }
  const hasBody = (variables: Record<string, string>, settings: VariableSettings) => {
    const request = requestOf(variables, settings)
    return request instanceof FaultyRequest ? request.code : request.head.hasBody
  }

  test("its length counts where there is one, and the coding has been taken off", () => {
    const environ = environFor({ ...coded, CONTENT_LENGTH: "5" }) as Environ
    expect([environ.CONTENT_LENGTH, environ["HTTP_TRANSFER_ENCODING"]]).toEqual(["5", undefined])
    expect(hasBody({ PATH_INFO: "/", CONTENT_LENGTH: "0" }, SOCKET)).toBe(false)
  })

  test("without a length, a chunked one is told of, where the protocol or the end of the input ends it", () => {
    expect((environFor(coded) as Environ)["HTTP_TRANSFER_ENCODING"]).toBe("chunked")
    expect([hasBody(coded, SOCKET), hasBody(coded, CGI), hasBody({ PATH_INFO: "/" }, CGI)]).toEqual([true, true, false])
    expect(hasBody(coded, { ...SOCKET, unknownLength: "never" })).toBe(411)
  })

  test("HTTP/2 has no coding", () => {
    const environ = environFor({ ...coded, SERVER_PROTOCOL: "HTTP/2.0" }) as Environ
    expect([environ.SERVER_PROTOCOL, environ["HTTP_TRANSFER_ENCODING"]]).toEqual(["HTTP/2", undefined])
  })
})

describe("server and client", () => {
  const names = ["SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "wsgi.url_scheme", "HTTPS"]
  test.each([
    [
      "all of it",
      { SERVER_NAME: "a.test", SERVER_PORT: "8080", REMOTE_ADDR: "192.0.2.1", REMOTE_PORT: "99" },
      ["a.test", "8080", "192.0.2.1", "99", "http", undefined],
    ],
    [
      "an empty name",
      { SERVER_NAME: "", SERVER_PORT: "80", HTTP_HOST: "b.test" },
      ["b.test", "80", undefined, undefined, "http", undefined],
    ],
    [
      "the name _ of nginx",
      { SERVER_NAME: "_", SERVER_PORT: "80", HTTP_HOST: "b.test:81" },
      ["b.test", "81", undefined, undefined, "http", undefined],
    ],
    [
      "a pattern as name",
      { SERVER_NAME: "~^(.*)$", HTTP_HOST: "b.test" },
      ["b.test", "80", undefined, undefined, "http", undefined],
    ],
    ["an IPv6 address as name", { SERVER_NAME: "[::1]" }, ["[::1]", "80", undefined, undefined, "http", undefined]],
    ["no name at all", {}, ["localhost", "80", undefined, undefined, "http", undefined]],
    [
      "a client on a unix socket",
      { REMOTE_ADDR: "unix:", REMOTE_PORT: "" },
      ["localhost", "80", undefined, undefined, "http", undefined],
    ],
    ["HTTPS on", { HTTPS: "on" }, ["localhost", "443", undefined, undefined, "https", "on"]],
    ["HTTPS 1", { HTTPS: "1" }, ["localhost", "443", undefined, undefined, "https", "on"]],
    ["HTTPS off", { HTTPS: "off" }, ["localhost", "80", undefined, undefined, "http", undefined]],
    ["an empty HTTPS", { HTTPS: "" }, ["localhost", "80", undefined, undefined, "http", undefined]],
    ["the scheme of nginx", { REQUEST_SCHEME: "https" }, ["localhost", "443", undefined, undefined, "https", "on"]],
  ] as [string, Record<string, string>, unknown[]][])("%s", (_, variables, expected) => {
    expect(variablesOf({ PATH_INFO: "/", ...variables }, names)).toEqual(expected)
  })

  test.each([
    ["HTTP/1.0", "HTTP/1.0"],
    ["HTTP/1.1", "HTTP/1.1"],
    ["HTTP/2.0", "HTTP/2"],
    ["HTTP/2", "HTTP/2"],
    ["HTTP/3.0", "HTTP/3"],
    ["INCLUDED", "HTTP/1.0"],
  ])("the protocol %s is %s", (text, expected) => {
    expect(variablesOf({ PATH_INFO: "/", SERVER_PROTOCOL: text }, ["SERVER_PROTOCOL"])).toEqual([expected])
  })
})

describe("other variables", () => {
  test("go on as they are, but for a front server's own environment", () => {
    const variables = {
      PATH_INFO: "/",
      REMOTE_USER: "ada",
      SSL_CLIENT_CERT: "a\nb",
      PATH: "/bin",
      LD_LIBRARY_PATH: "/x",
    }
    const names = ["REMOTE_USER", "SSL_CLIENT_CERT", "PATH", "LD_LIBRARY_PATH"]
    expect(variablesOf(variables, names)).toEqual(["ada", "a\nb", undefined, undefined])
  })

  test("never pass for keys of the server", () => {
    const names = ["wsgi.input", "wsgi.url_scheme", "werkstatt.on_error", "__proto__", "constructor", "", "a b", "x\0y"]
    const environ = environFor({
      PATH_INFO: "/",
      "wsgi.url_scheme": "evil",
      "werkstatt.on_error": "x",
      "": "x",
    }) as Environ
    expect([environ["wsgi.url_scheme"], environ["werkstatt.on_error"]]).toEqual(["http", undefined])
    const pairs = ["REQUEST_METHOD", "GET", "PATH_INFO", "/", ...names.flatMap((name) => [name, "x"])]
    const request = requestOfVariables(pairs, SOCKET) as VariableRequest
    expect(Object.keys(request.addresses.further ?? {}).sort()).toEqual(["PATH_INFO", "SCRIPT_NAME"])
  })

  test("for all variables there is an environ by the rules, or a refusal", () => {
    const name = fc.oneof(
      fc.constantFrom("REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST"),
      fc.constantFrom("CONTENT_LENGTH", "CONTENT_TYPE", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "HTTPS"),
      fc.constantFrom("HTTP_TRANSFER_ENCODING", "HTTP_X_Y", "REMOTE_ADDR", "__proto__", "constructor", "toString"),
      fc.string({ unit: "binary-ascii", maxLength: 8 }),
    )
    const value = fc.oneof(
      fc.constantFrom("", "/", "/a", "/a/", "*", "on", "off", "5", "chunked", "HTTP/1.1", "unix:", "a.test:1", "a b"),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 12 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const environ = environFor(Object.fromEntries(pairs))
        if (typeof environ !== "string") expect(environ.SCRIPT_NAME + environ.PATH_INFO).toMatch(/^(?:\/|\*$)/)
      }),
    )
  })

  test("time grows with the number of variables", async () => {
    await expectLinear((size) => {
      const pairs = [
        "REQUEST_METHOD",
        "GET",
        ...Array.from({ length: size }, (_, i) => [`HTTP_A${i % 50}`, "b"]).flat(),
      ]
      return () => requestOfVariables(pairs, SOCKET)
    }, 500)
  })
})
