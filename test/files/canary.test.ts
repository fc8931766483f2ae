// Whatever a client writes into the target of a request: the canary that lies outside of the served folder stays there.

import { readFileSync } from "node:fs"
import { symlink } from "node:fs/promises"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { sendFromDirectory } from "../../src/files/send-file.ts"
import { Request } from "../../src/wrappers/request.ts"
import { temporaryFolder, writeTree } from "../support/files.ts"
import { get, RawClient, serve } from "../support/server.ts"

const CANARY = "the canary is out"
const SPELLINGS = 2000

/** Percent-encodes every character that `which` picks, in upper or lower case. */
const encodeSome = (text: string, which: boolean[], upper: boolean) =>
  Array.from(text, (character, i) => {
    if (!which[i % which.length]) return character
    const hex = character.charCodeAt(0).toString(16).padStart(2, "0")
    return `%${upper ? hex.toUpperCase() : hex}`
  }).join("")

const often = <T>(value: T, others: T[]) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(value) }, fc.constantFrom(...others))
const ups = often("..", [".", "...", "..;", ".. ", "..\0", "", "sub", "up", ".. /..", "\u{ff0e}\u{ff0e}", "C:", "~"])
const separator = often("/", ["\\", "//", "/./", "\\/", "\u2215", "\u2216", "%c0%af", "%e0%80%af", ";/", "\0/"])
const goal = often("canary.txt", ["CANARY.TXT", "canary.txt.", "canary.txt::$DATA", "canary.txt%00.png", "out"])
const prefix = often("/", ["//", "/\\", "/sub/", "/root/", "/root_backup/", "http://localhost/", "/file:///"])
const climb = fc.integer({ min: 1, max: 3 }).map((times) => Array<[string, string]>(times).fill(["..", "/"]))
const spelling = fc
  .record({
    steps: fc.oneof(climb, fc.array(fc.tuple(ups, separator), { maxLength: 6 })),
    goal,
    encodings: fc.array(fc.tuple(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), fc.boolean()), {
      maxLength: 2,
    }),
    prefix,
  })
  .map(({ steps, goal, encodings, prefix }) => {
    let path = steps.flat().join("") + goal
    for (const [which, upper] of encodings) path = encodeSome(path, which, upper)
    // What no request line can hold goes in encoded.
    return prefix + path.replace(/[\0-\x20\x7f-\u{10ffff}]/gu, (character) => encodeURIComponent(character))
  })

/** Whether somebody who just joins what was decoded, once or twice, would find the canary. */
function naivelyFound(root: string, target: string): boolean {
  let path = target
  for (let i = 0; i < 2; i++) {
    try {
      path = decodeURIComponent(path)
      const file = join(root, path.replaceAll("\\", "/"))
      if (readFileSync(file, "utf8") === CANARY) return true
    } catch {
      // Not this way.
    }
  }
  return false
}

test(`${SPELLINGS} spellings of a way out lead nowhere`, { timeout: 60_000 }, async () => {
  const folder = temporaryFolder()
  await writeTree(folder, {
    "canary.txt": CANARY,
    "root_backup/canary.txt": CANARY,
    "root/sub/index.html": "inside",
    "root/index.html": "inside",
  })
  const root = join(folder, "root")
  await symlink("..", join(root, "up"))
  await symlink("../canary.txt", join(root, "out"))
  await symlink("../canary.txt", join(root, "index.html.gz"))
  const app = Request.application((request) =>
    sendFromDirectory(root, request.path.slice(1), request.environ, { precompressed: true, dotFiles: true }),
  )
  const { port, errors } = await serve(app)

  const targets = [...new Set(fc.sample(spelling, { numRuns: 2 * SPELLINGS, seed: 20260101 }))].slice(0, SPELLINGS)
  expect(targets).toHaveLength(SPELLINGS)
  expect(targets.filter((target) => naivelyFound(root, target)).length, "ways that do lead out").toBeGreaterThan(100)
  const statuses = new Set<string>()
  const batch = 50
  for (let i = 0; i < targets.length; i += batch) {
    const answers = targets.slice(i, i + batch).map(async (target) => {
      const { status, body } = await get(port, target, "Accept-Encoding: gzip")
      expect(body, target).not.toContain(CANARY)
      expect(body, target).not.toContain(folder)
      statuses.add(status)
    })
    await Promise.all(answers)
  }
  expect([...statuses]).toEqual(["HTTP/1.1 404 Not Found"])
  expect(errors).toEqual([])

  // The same server does serve what it should, and the link that stands in for a compressed file is passed over.
  const answer = await get(port, "/index.html", "Accept-Encoding: gzip")
  expect([answer.status, answer.body]).toEqual(["HTTP/1.1 200 OK", "inside"])
  const client = new RawClient(port)
  expect(await client.send("GET /../root/index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").end()).toContain(
    "404",
  )
})
