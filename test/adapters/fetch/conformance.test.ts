// The conformance table over toFetch, in this process. Over the servers of other runtimes: npm run test:runtimes.

import { describe, expect, test } from "vitest"
import { toFetch } from "../../../src/adapters/fetch.ts"
import { conformance, differences, takeNotes } from "../../../src/testing/conformance.ts"
import type { ConformanceAnswer, ConformanceRequest } from "../../../src/testing/conformance-case.ts"
import { sleep } from "../../support/server.ts"

/** What a web Request or Response has no place for, by the names of the cases. */
const UNSAYABLE = new Map([
  ["dot segments stay", "a URL resolves them"],
  ["an absolute target names the host", "the target is the URL"],
  ["OPTIONS can ask for the server as a whole", "a URL has a path"],
  ["GET may have a body", "a Request of that method has none"],
  ["HTTP/1.0 is served", "a Request has no version"],
  ["HTTP/1.0 gets a stream as it is", "a Request has no version"],
  ["repeated headers stay apart, in order", "Headers join them, but for Set-Cookie"],
])

type Answer = ConformanceAnswer & { complete: boolean }

function requestOf({ method = "GET", target = "/", headers = [], body }: ConformanceRequest): Request {
  const init: RequestInit & { duplex?: "half" } = { method, headers: headers.map(([name, value]) => [name, value]) }
  const list = init.headers as [string, string][]
  if (typeof body === "string") list.push(["Content-Length", String(body.length)])
  if (body !== undefined) {
    const chunks = typeof body === "string" ? (body === "" ? [] : [body]) : body
    init.body = ReadableStream.from(chunks.map((chunk) => new Uint8Array(Buffer.from(chunk, "latin1"))))
    init.duplex = "half"
  }
  return new Request(`http://example.org${target}`, init)
}

async function answerOf(response: Response): Promise<Answer> {
  const chunks: Uint8Array[] = []
  let complete = true
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    complete = false
  }
  const { status, statusText, headers } = response
  return { status: `${status} ${statusText}`, headers: [...headers], body: Buffer.concat(chunks), complete }
}

describe("a web Request", () => {
  test("nothing but what is listed is left out", () => {
    const names = conformance.map(([name]) => name)
    expect([...UNSAYABLE.keys()].filter((name) => !names.includes(name))).toEqual([])
  })

  for (const [name, application, request, expected] of conformance) {
    test.skipIf(UNSAYABLE.has(name))(name, async () => {
      const logged: string[] = []
      const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }
      takeNotes(application)
      const answer = await answerOf(await toFetch(application, { errors })(requestOf(request)))
      expect(differences(expected, answer)).toEqual([])
      expect(answer.complete).toBe(expected.fails !== "after the head")
      expect(logged.join("") !== "").toBe(expected.fails !== undefined || expected.body === "hell")
      const notes: string[] = []
      for (let tries = 0; tries < 100 && notes.length < (expected.notes?.length ?? 0); tries++) {
        notes.push(...takeNotes(application))
        await sleep(5)
      }
      expect(notes).toEqual(expected.notes ?? [])
    })
  }
})
