// A guard in front of files and the files behind it read a path alike: whatever a client writes into the target, what
// lies below the guarded path is not served past the guard (@hono/node-server CVE-2026-29087, @fastify/middie CVE-2026-22031).

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sendFromDirectory } from "../../src/files/send-file.ts"
import type { Application } from "../../src/gateway.ts"
import { dispatcher } from "../../src/middleware/dispatcher.ts"
import { sharedData } from "../../src/middleware/shared-data.ts"
import { RuleMap, rule } from "../../src/routing/index.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { temporaryFolder, writeTree } from "../support/files.ts"
import { linted } from "../support/lint.ts"
import { get, serve } from "../support/server.ts"

const SECRET = "only past the guard"
const SPELLINGS = 600

const guard = Request.application(() => new Response("stop", { status: 403 }))
const nothing = Request.application(() => new Response("nothing", { status: 404 }))

const GUARDS: Record<string, (root: string) => Application> = {
  "the dispatcher, before sharedData": (root) =>
    dispatcher(sharedData(nothing, { "/": root }), { "/admin": guard, "/fonts/secret": guard }),
  "a middleware that looks at request.path": (root) => {
    const files = sharedData(nothing, { "/": root })
    return (environ, startResponse) => {
      const { path } = new Request(environ)
      const isGuarded = ["/admin", "/fonts/secret"].some((each) => path === each || path.startsWith(`${each}/`))
      return (isGuarded ? guard : files)(environ, startResponse)
    }
  },
  "the router, before sendFromDirectory": (root) => {
    const rules = new RuleMap([
      rule("/admin", "guard"),
      rule("/admin/<path:rest>", "guard"),
      rule("/fonts/secret/<path:rest>", "guard"),
      rule("/<path:rest>", "files"),
    ])
    return Request.application((request) => {
      const match = rules.bindToEnviron(request.environ).match()
      return match.endpoint === "guard" ? guard : sendFromDirectory(root, match.values.rest, request.environ)
    })
  },
}

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("/", "admin", "secret.txt", "fonts", "secret", "key.txt") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "%2F",
      "%2f",
      "//",
      "%5c",
      "\\",
      "/.",
      "/..",
      "/%2e",
      "/%2E%2e",
      ";",
      ";x=1",
      "%3b",
      "%00",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        "%61dmin",
        "adm%69n",
        "ADMIN",
        "%2561dmin",
        "admin%20",
        "admin.",
        "%c0%af",
        "%ef%bc%8f",
        "?",
        "%3f",
        "%23",
        "*",
      ],
    ),
  },
)
/** A way to something guarded, with pieces thrown in. */
const target = fc
  .tuple(
    fc.constantFrom(["/", "admin", "/", "secret.txt"], ["/", "fonts", "/", "secret", "/", "key.txt"]),
    fc.array(fc.tuple(fc.nat({ max: 6 }), piece), { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 9 })), { maxLength: 2 }),
  )
  .map(([way, thrownIn, encoded]) => {
    const pieces: string[] = [...way]
    for (const [index, at] of encoded) {
      const text = pieces[index % pieces.length] as string
      const character = text.charAt(at % text.length)
      pieces[index % pieces.length] = text.replace(character, `%${character.charCodeAt(0).toString(16)}`)
    }
    for (const [at, text] of thrownIn) pieces.splice(at, 0, text)
    const path = pieces.join("")
    return path.startsWith("/") ? path : `/${path}`
  })

describe("files and guards read a path alike", () => {
  test.each(Object.entries(GUARDS))("%s", async (_name, make) => {
    const root = temporaryFolder()
    await writeTree(root, {
      "admin/secret.txt": SECRET,
      "fonts/secret/key.txt": SECRET,
      "fonts/open.txt": "open",
      "open.txt": "open",
    })
    const { port } = await serve(linted(make(root)))
    expect((await get(port, "/open.txt")).body).toBe("open")
    expect((await get(port, "/fonts/%6fpen.txt")).body).toBe("open")
    expect((await get(port, "/admin/secret.txt")).status).toMatch(/ 403 /)
    expect((await get(port, "/fonts%2Fsecret/k%65y.txt")).status).toMatch(/ 403 /)
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(target, async (path) => {
        const answer = await get(port, path)
        outcomes.add(answer.status.slice(9, 12))
        expect(answer.body).not.toContain(SECRET)
        expect(answer.status).toMatch(/^HTTP\/1\.1 (308|4\d\d) /)
      }),
      {
        numRuns: SPELLINGS,
        examples: [
          ...["/admin%2Fsecret.txt", "/%61dmin/secret.txt", "/foo/../admin/secret.txt", "/./admin/secret.txt"],
          ...["/admin;x=1/secret.txt", "//admin/secret.txt", "/admin//secret.txt", "/fonts/secre%74/key%2Etxt"],
          ...["/fonts/%2e%2e/admin/secret.txt", "/fonts/..%2fadmin/secret.txt", "/%2561dmin/secret.txt"],
        ].map((path): [string] => [path]),
      },
    )
    // Both sides were reached: the guard, and the files.
    expect(outcomes).toContain("403")
    expect(outcomes).toContain("404")
  })

  test("a guard that reads the target for itself would be passed by these", async () => {
    const root = temporaryFolder()
    await writeTree(root, { "admin/secret.txt": SECRET, "fonts/secret/key.txt": SECRET })
    const files = sharedData(nothing, { "/": root })
    const { port } = await serve((environ, startResponse) =>
      (/^\/(admin|fonts\/secret)\//.test(String(environ.REQUEST_URI)) ? guard : files)(environ, startResponse),
    )
    const passed = await fc.check(
      fc.asyncProperty(target, async (path) => (await get(port, path)).body !== SECRET),
      { numRuns: SPELLINGS },
    )
    expect(passed.failed).toBe(true)
  })
})
