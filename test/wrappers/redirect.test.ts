import { describe, expect, expectTypeOf, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import { appendSlashRedirect, redirect } from "../../src/wrappers/redirect.ts"
import { Response } from "../../src/wrappers/response.ts"
import { answer, environOf } from "../support/requests.ts"

describe("redirect", () => {
  test("is a 303 with Location and a page that says so", async () => {
    const response = redirect("/é?a=b&c=<d>")
    expectTypeOf(response).toEqualTypeOf<Response>()
    const { status, headers, text } = await answer(response)
    expect(status).toBe("303 See Other")
    expect(headers).toContainEqual(["Location", "/%C3%A9?a=b&c=%3Cd%3E"])
    expect(headers).toContainEqual(["Content-Type", "text/html; charset=utf-8"])
    expect(headers).toContainEqual(["X-Content-Type-Options", "nosniff"])
    expect(text).toContain('<a href="/é?a=b&amp;c=&lt;d&gt;">/é?a=b&amp;c=&lt;d&gt;</a>')
    expect(response.location).toBe("/é?a=b&c=<d>")
  })

  test.each([201, 300, 301, 302, 303, 307, 308])("takes the code %i", (code) => {
    expect(redirect("/", code).statusCode).toBe(code)
  })

  test.each([200, 404, 0, Number.NaN])("refuses the code %s", (code) => {
    expect(() => redirect("/", code)).toThrow(RangeError)
  })

  test.each(["/\r\nX: y", "/\n", "/\0"])("refuses the location %j", (location) => {
    expect(() => redirect(location)).toThrow(TypeError)
  })

  test.each(['"><img src=x onerror=1>', "/'onclick='x", "+ADw-script"])(
    "%j cannot leave its place in the page",
    async (location) => {
      const { text } = await answer(redirect(location))
      expect(text).not.toMatch(/<img|'onclick/)
      expect(text.match(/<a /g)).toHaveLength(1)
    },
  )

  test.each([
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "\tjavascript:x",
    "java\tscript:x",
    "data:text/html,x",
    "vbscript:x",
  ])("%j is no link", async (location) => {
    const { text, headers } = await answer(redirect(location))
    expect(text).not.toContain("<a ")
    expect(headers.some(([name]) => name === "Location")).toBe(true)
  })

  test.each(["//evil.com", "/\\evil.com", "\\\\evil"])(
    "%j is sent as it is given, but for what browsers misread",
    async (location) => {
      const { headers } = await answer(redirect(location))
      expect(headers).toContainEqual(["Location", location.replaceAll("\\", "%5C")])
    },
  )

  test("makes a response of the class that is asked for", () => {
    class Mine extends Response {
      mine = true
    }
    const response = redirect("/", 302, Mine)
    expectTypeOf(response).toEqualTypeOf<Mine>()
    expect(response.mine).toBe(true)
  })
})

describe("appendSlashRedirect", () => {
  test.each([
    ["/user/42", "", "42/"],
    ["/user/42", "a=b", "42/?a=b"],
    ["/user/42/", "", "./"],
    ["/", "", "./"],
    ["", "", "./"],
    ["//evil.com", "", "evil.com/"],
    ["/\\evil.com", "", "%5Cevil.com/"],
    ["/caf\u00c3\u00a9", "q=\u00c3\u00a9\u00ff", "caf%C3%A9/?q=%C3%A9%FF"],
    ["/a:b", "", "a%3Ab/"],
    ["/100%", "", "100%25/"],
    ["/a?b#c", "", "a%3Fb%23c/"],
  ])("of %j and %j is %s", async (PATH_INFO, QUERY_STRING, location) => {
    const { status, headers } = await answer(appendSlashRedirect({ PATH_INFO, QUERY_STRING } as Environ), environOf())
    expect(status).toBe("308 Permanent Redirect")
    expect(headers).toContainEqual(["Location", location])
  })

  test("takes another code", () => {
    expect(appendSlashRedirect({ PATH_INFO: "/a", QUERY_STRING: "" }, 301).statusCode).toBe(301)
  })
})
