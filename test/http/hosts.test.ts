import { describe, expect, test } from "vitest"
import { comparableHost, hostIsTrusted, requestHost, UntrustedHost } from "../../src/http/hosts.ts"

const MALFORMED = [
  "",
  "a b",
  "a.com:80@evil.com",
  "evil.com/app?x#",
  "user@example.com",
  "a,b",
  "*.com",
  "%61.com",
  "bücher.example",
  "a.com:",
  "a.com:x",
  "a.com:99999",
  "a.com:+80",
  "a.com:80:80",
  "a.com:٣",
  "::1",
  "[::1",
  "[x]",
  "[]",
  "[:]x",
  "[v1.x]",
  "[fe80::1%25eth0]",
  "example.com\n",
  "a\0b",
  "\\evil",
]

describe("hostIsTrusted", () => {
  test.each(MALFORMED)("%j is no host", (host) => {
    expect(hostIsTrusted(host)).toBe(false)
    expect(hostIsTrusted(host, [host])).toBe(false)
  })

  test.each([
    "example.com",
    "EXAMPLE.com",
    "a",
    "127.0.0.1",
    "127.0.0.1:65535",
    "[::1]",
    "[2001:db8::1]:80",
    "a.com.",
    "a.com.:80",
    "my_service:8000",
    "_dmarc.a_b.example",
    "-",
  ])("%s is one, and any will do without a list", (host) => {
    expect(hostIsTrusted(host)).toBe(true)
    expect(hostIsTrusted(host, [])).toBe(true)
    expect(hostIsTrusted(host, [host.replace(/(?<!:):\d+$/, "")])).toBe(true)
  })

  test.each<[string, string[], boolean]>([
    ["example.com", ["example.com"], true],
    ["EXAMPLE.com:8080", ["Example.COM"], true],
    ["www.example.com", ["example.com"], false],
    ["www.example.com", [".example.com"], true],
    ["example.com", [".example.com"], true],
    ["notexample.com", [".example.com"], false],
    ["example.com.evil", [".example.com", "example.com"], false],
    ["example.com.", ["example.com"], true],
    ["example.com.:8000", ["example.com"], true],
    ["example.com", ["example.com."], true],
    ["www.example.com.", [".example.com."], true],
    ["example.com..", ["example.com"], false],
    ["my_service:8000", ["my_service"], true],
    ["my_service", ["myservice"], false],
    ["a_b.example.com", [".example.com"], true],
    ["xn--bcher-kva.example", ["bücher.example"], true],
    ["a", ["b", "a"], true],
    ["a", [""], false],
    ["a", ["ü/"], false],
    ["[::1]:80", ["[::1]"], true],
    ["constructor", ["__proto__"], false],
  ])("%s against %j: %s", (host, trusted, result) => {
    expect(hostIsTrusted(host, trusted)).toBe(result)
  })

  test("a text is one entry, and any iterable is a list", () => {
    expect(hostIsTrusted("example.com", "example.com")).toBe(true)
    expect(hostIsTrusted("m", "example.com")).toBe(false)
    expect(hostIsTrusted("b", new Set(["a", "b"]))).toBe(true)
  })
})

test.each([
  ["Example.COM.", "example.com"],
  ["example.com.:8080", "example.com:8080"],
  ["example.com", "example.com"],
  ["[::1]:80", "[::1]:80"],
  ["a.", "a"],
  [".", "."],
  ["", ""],
])("%j is compared as %j", (host, comparable) => {
  expect(comparableHost(host)).toBe(comparable)
})

describe("requestHost", () => {
  test.each<[string, string | undefined, [string, number | undefined] | undefined, string]>([
    ["http", "spam", undefined, "spam"],
    ["http", "spam:80", undefined, "spam"],
    ["https", "spam:80", undefined, "spam:80"],
    ["https", "spam:443", undefined, "spam"],
    ["ws", "spam:80", undefined, "spam"],
    ["wss", "spam:443", undefined, "spam"],
    ["ftp", "spam:80", undefined, "spam:80"],
    ["http", "spam", ["eggs", 80], "spam"],
    ["http", undefined, ["eggs", 80], "eggs"],
    ["https", undefined, ["eggs", 80], "eggs:80"],
    ["http", undefined, ["::1", 8080], "[::1]:8080"],
    ["http", undefined, ["[::1]", 80], "[::1]"],
    ["http", undefined, ["/run/x.sock", undefined], ""],
    ["http", undefined, undefined, ""],
  ])("%s, %j and the server %j make %j", (scheme, header, server, host) => {
    expect(requestHost(scheme, header, server)).toBe(host)
  })

  test.each(MALFORMED)("%j is empty without a list, and refused with one", (host) => {
    expect(requestHost("http", host)).toBe("")
    expect(requestHost("http", host, undefined, [])).toBe("")
    expect(() => requestHost("http", host, undefined, ["example.com"])).toThrow(UntrustedHost)
  })

  test("a host that is not in the list is refused with status 400", () => {
    const generated = (function* () {
      yield "example.com"
    })()
    expect(requestHost("http", "example.com:80", undefined, generated)).toBe("example.com")
    expect(() => requestHost("http", "evil.test", undefined, ["example.com"])).toThrow(
      expect.objectContaining({ status: 400, name: "UntrustedHost" }),
    )
  })

  test("where there is no host at all, there is none to distrust", () => {
    expect(requestHost("http", undefined, undefined, ["example.com"])).toBe("")
    expect(requestHost("http", undefined, ["/x.sock", undefined], ["example.com"])).toBe("")
  })
})
