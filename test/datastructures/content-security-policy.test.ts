import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { ContentSecurityPolicy } from "../../src/datastructures/content-security-policy.ts"

const PROPERTIES: Record<string, string> = {
  baseUri: "base-uri",
  childSrc: "child-src",
  connectSrc: "connect-src",
  defaultSrc: "default-src",
  fontSrc: "font-src",
  formAction: "form-action",
  frameAncestors: "frame-ancestors",
  frameSrc: "frame-src",
  imgSrc: "img-src",
  manifestSrc: "manifest-src",
  mediaSrc: "media-src",
  objectSrc: "object-src",
  reportTo: "report-to",
  reportUri: "report-uri",
  requireTrustedTypesFor: "require-trusted-types-for",
  sandbox: "sandbox",
  scriptSrc: "script-src",
  scriptSrcAttr: "script-src-attr",
  scriptSrcElem: "script-src-elem",
  styleSrc: "style-src",
  styleSrcAttr: "style-src-attr",
  styleSrcElem: "style-src-elem",
  trustedTypes: "trusted-types",
  upgradeInsecureRequests: "upgrade-insecure-requests",
  workerSrc: "worker-src",
}

describe("ContentSecurityPolicy", () => {
  test.each(Object.entries(PROPERTIES))("%s is %s", (property, directive) => {
    const policy = new ContentSecurityPolicy() as ContentSecurityPolicy & Record<string, string | null | undefined>
    expect(policy[property]).toBeUndefined()
    policy[property] = "'self'"
    expect(policy.toHeader()).toBe(`${directive} 'self'`)
    expect(policy[property]).toBe("'self'")
    policy[property] = ""
    expect(policy.toHeader()).toBe(directive)
    for (const empty of [null, undefined]) {
      policy[property] = "x"
      policy[property] = empty
      expect(policy.size).toBe(0)
    }
  })

  test.each([
    [undefined, "", false],
    ["", "", false],
    [";", "", true],
    ["default-src 'self'; img-src", "default-src 'self'; img-src", true],
    ["Default-SRC\t'self' ;; default-src *", "default-src 'self'", true],
    ["a b; c d;", "a b; c d", true],
  ])("%j is read as %j", (text, written, provided) => {
    const policy = ContentSecurityPolicy.fromHeader(text)
    expect(policy.toHeader()).toBe(written)
    expect(String(policy)).toBe(written)
    expect(policy.provided).toBe(provided)
  })

  test("keeps directives that are no property", () => {
    const policy = new ContentSecurityPolicy({ "new-thing": "x", "img-src": "*" })
    policy.set("other", "y z")
    expect(policy.pop("img-src")).toBe("*")
    expect(policy.toHeader()).toBe("new-thing x; other y z")
  })

  test("refuses what would begin another directive or header, and stays as it was", () => {
    const policy = new ContentSecurityPolicy({ "img-src": "*" })
    for (const value of ["a; script-src *", "a\r\nb: c", "a\0", "\u0100"]) {
      expect(() => {
        policy.scriptSrc = value
      }).toThrow(TypeError)
    }
    for (const name of ["", "a b", "a;b", "a\n"]) expect(() => policy.set(name, "x")).toThrow(TypeError)
    expect(policy.toHeader()).toBe("img-src *")
  })

  test("tells its owner of each change", () => {
    const policy = new ContentSecurityPolicy()
    const written: string[] = []
    policy.onUpdate = (changed) => written.push(changed.toHeader())
    policy.defaultSrc = "'self'"
    policy.upgradeInsecureRequests = ""
    policy.defaultSrc = undefined
    policy.defaultSrc = undefined
    expect(written).toEqual([
      "default-src 'self'",
      "default-src 'self'; upgrade-insecure-requests",
      "upgrade-insecure-requests",
    ])
  })

  test("a subclass inherits the properties", () => {
    class Own extends ContentSecurityPolicy {}
    const policy = new Own({ "img-src": "*" })
    expect(policy.imgSrc).toBe("*")
    expectTypeOf(policy.imgSrc).toEqualTypeOf<string | undefined>()
  })

  test("reads what it wrote", () => {
    const name = fc.stringMatching(/^[a-z-]{1,8}$/)
    const value = fc.array(fc.stringMatching(/^[a-z':*/.]{1,8}$/)).map((words) => words.join(" "))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (directives) => {
        const policy = new ContentSecurityPolicy(directives)
        expect(ContentSecurityPolicy.fromHeader(policy.toHeader()).equals(policy)).toBe(true)
      }),
    )
  })
})
