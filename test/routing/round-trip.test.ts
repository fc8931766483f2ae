// What holds for all rules and all paths.

import fc from "fast-check"
import { expect, test } from "vitest"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import type { Environ } from "../../src/gateway.ts"
import { iriToUri } from "../../src/http/urls.ts"
import { BuildError, RequestRedirect, RuleMap, rule, subdomain } from "../../src/routing/index.ts"

const word = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(..."abcXYZ09_.~ %?#&=+é漢😀\n\\\"'") })

/** A placeholder with values that it takes. */
const placeholder: fc.Arbitrary<{ text: string; value: unknown }> = fc.oneof(
  word.map((value) => ({ text: "<NAME>", value })),
  word.map((value) => ({ text: `<string(length=${[...value].length}):NAME>`, value })),
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((value) => ({ text: "<int:NAME>", value })),
  fc.integer().map((value) => ({ text: "<int(signed=True):NAME>", value })),
  fc.nat({ max: 9999 }).map((value) => ({ text: "<int(4):NAME>", value })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 })
    .map((value) => ({ text: "<float(signed=True):NAME>", value })),
  fc.uuid().map((value) => ({ text: "<uuid:NAME>", value })),
  fc.constantFrom("one", "two", "a b").map((value) => ({ text: "<any(one, two, 'a b'):NAME>", value })),
)
const segment = fc.oneof(
  fc
    .string({ minLength: 1, maxLength: 5, unit: fc.constantFrom(..."abz09-.~ é😀>?%") })
    .map((text) => ({ text, value: undefined })),
  placeholder,
)
const path = fc
  .array(word, { minLength: 1, maxLength: 3 })
  .map((words) => ({ text: "<path:NAME>", value: words.join("/") as unknown }))

test("what is built for a rule and values matches that rule with those values", () => {
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.option(path, { nil: undefined }),
      fc.boolean(),
      fc.boolean(),
      (segments, last, slash, host) => {
        const parts = last ? [...segments, last] : segments
        const values: Record<string, unknown> = {}
        const text: string = parts
          .map(({ text, value }, index) => {
            if (value !== undefined) values[`v${index}`] = value
            return `/${text.replace("NAME", `v${index}`)}`
          })
          .join("")
        const urls = new RuleMap([rule(slash ? `${text}/` : text, "e")])
        const at = urls.bind("example.com", { scriptName: host ? "/app" : "/" })
        // What clients would take out cannot be asked for.
        if (Object.values(values).some((value) => /(?:^|\/)\.\.?(?:$|\/)/.test(String(value)))) {
          expect(() => at.build("e", values)).toThrow(BuildError)
          return
        }
        const url = at.build("e", values, { forceExternal: host })
        expect(url).toMatch(/^[!-~]*$/)
        const written = url.slice((host ? "http://example.com/app" : "").length)
        // What a server does with a path.
        const match = at.match(decodeURIComponent(written))
        expect(match.endpoint).toBe("e")
        for (const [name, value] of Object.entries(match.values as object)) {
          expect(Object.is(value, values[name]) || value === values[name], `${text} ${url} ${name}`).toBe(true)
        }
        expect(Object.keys(match.values as object).sort()).toEqual(Object.keys(values).sort())
      },
    ),
    { numRuns: 500 },
  )
})

test("what is built in any map, of any values, leads back to the endpoint and the values", () => {
  const urls = new RuleMap([
    rule("/", "index"),
    rule("/u/new", "new"),
    rule("/u/<name>", "user"),
    rule("/u/<name>/delete", "delete"),
    rule("/u/old/", "old"),
    rule("/n/<int:n>", "n"),
    rule("/n/<n>", "text"),
    rule("/<a>-<b>", "pair"),
    rule("/<a>.<int:n>/x", "dotted"),
    rule("/p/<path:p>", "path"),
    rule("/p/<path:p>/edit", "edit"),
    rule("/q/<path:p>/", "branch"),
    rule("/q/<path:a>/<path:b>", "paths"),
    rule("/m/<name>", "put", { methods: ["PUT"] }),
    rule("/m/x", "post", { methods: ["POST"] }),
    rule("/d/", "default", { defaults: { n: 1 } }),
    rule("/d/<int:n>", "default"),
    rule("/<any(u, n, p):a>/<b>", "any"),
    rule("/<path:p>", "rest"),
    subdomain("<s>", [rule("/", "home"), rule("/<name>", "there")]),
    subdomain("www", [rule("/", "www")]),
  ] as const)
  const at = urls.bind("example.com:8080")
  const piece = fc.constantFrom(..."uanpx/.-", "new", "old", "delete", "edit", "1", "é", "%2e", " ", "\\", "www")
  const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""))
  const value = fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 2, arbitrary: fc.integer({ min: -2, max: 3 }) },
    fc.constantFrom(2 ** 60, 1.5, true, [], {}, Number.NaN),
  )
  let built = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...urls.endpoints()),
      fc.record({ name: value, n: value, a: value, b: value, p: value, s: value }),
      (endpoint, all) => {
        const [rule] = urls.iterRules(endpoint)
        const values = Object.fromEntries(Object.entries(all).filter(([name]) => rule?.arguments.has(name)))
        // As a text it is no default, so the URL that it builds redirects to the one without it.
        if (endpoint === "default" && String(all.n) === "1") return
        let url: string
        try {
          url = at.build(endpoint, values as never, { forceExternal: true })
        } catch (error) {
          expect(error).toBeInstanceOf(BuildError)
          return
        }
        built++
        const { host, pathname } = new URL(url)
        expect(url).toBe(`http://${host}${pathname}`)
        expect(host.endsWith("example.com:8080"), url).toBe(true)
        const there = urls.bindToEnviron({ HTTP_HOST: host } as unknown as Environ, { serverName: "example.com:8080" })
        const method = endpoint === "put" ? "PUT" : endpoint === "post" ? "POST" : "GET"
        const match = there.match(decodeURIComponent(pathname), { method })
        expect(match.endpoint, url).toBe(endpoint)
        const texts = (record: object) => Object.fromEntries(Object.entries(record).map(([k, v]) => [k, String(v)]))
        expect(texts(match.values), url).toEqual(texts(endpoint === "default" ? { n: 1, ...values } : values))
      },
    ),
    { numRuns: 5000 },
  )
  expect(built).toBeGreaterThan(1000)
})

test("no path and no mount make a redirect leave the host", () => {
  const rules = [
    rule("/a/", "a"),
    rule("/<x>/", "x"),
    rule("/p/<path:p>/", "p"),
    rule("/<x>/<y>/", "xy"),
    rule("/d/", "d", { defaults: { n: "1" } }),
    rule("/d/<n>", "d"),
    rule("/alias/<x>/<y>/z", "xy", { alias: true }),
    rule("/moved/<path:x>", "m", { redirectTo: "<x>" }),
    rule("/away/<path:x>", "w", { redirectTo: "/<x>" }),
    subdomain("<sub>", [rule("/s/<path:p>/", "s"), rule("/a/", "sa")]),
  ] as const
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      "\\",
      "evil.test",
      "@",
      ":",
      "https:",
      "..",
      ".",
      "a",
      "d",
      "1",
      "p",
      "s",
      "moved",
      "away",
    ),
    fc.constantFrom("%2f", "%5c", "\t", "\r\n", "?", "#", " ", "é", "\ud800", "javascript:", "alias", "z"),
    fc.string({ maxLength: 3 }),
  )
  const any = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""))
  let redirects = 0
  fc.assert(
    fc.property(
      any,
      any,
      fc.constantFrom("", "www", "a.b"),
      fc.boolean(),
      any,
      (path, mount, sub, strictSlashes, query) => {
        const urls = new RuleMap(rules, { strictSlashes })
        const at = urls.bind("example.com:8080", { subdomain: sub, scriptName: mount, queryArgs: query })
        try {
          at.match(path)
        } catch (error) {
          if (!(error instanceof HTTPException)) throw error
          if (!(error instanceof RequestRedirect)) return
          redirects++
          const own = sub === "" ? "example.com:8080" : `${sub}.example.com:8080`
          for (const location of [error.newUrl, iriToUri(error.newUrl)]) {
            expect(location.startsWith(`http://${own}/`), location).toBe(true)
            expect(location).not.toMatch(/[\r\n\0]/)
            const parsed = new URL(location)
            expect([parsed.protocol, parsed.host, parsed.username]).toEqual(["http:", own, ""])
          }
          // A client that takes only the path of it stays here as well.
          expect(error.newUrl.slice(`http://${own}`.length)).toMatch(/^\/(?![/\\])/)
        }
      },
    ),
    { numRuns: 3000 },
  )
  expect(redirects).toBeGreaterThan(200)
})

test("no path makes matching throw anything but an HTTP error", () => {
  const at = new RuleMap([
    rule("/<int:a>-<b>.<float:c>", "x"),
    rule("/<path:p>/<uuid:u>", "y"),
    rule("/<q>", "z"),
  ]).bind("h")
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (path) => {
      try {
        at.match(path)
      } catch (error) {
        expect(error).toBeInstanceOf(HTTPException)
      }
    }),
    { numRuns: 2000 },
  )
})
