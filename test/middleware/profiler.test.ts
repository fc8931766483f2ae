import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { formatFilename, formatProfile, functionTimes, profiler } from "../../src/middleware/profiler.ts"
import { sleep } from "../support/server.ts"
import { answer, call, stream } from "./calling.ts"

function burnSomeTime(): void {
  const end = performance.now() + 40
  let sum = 0
  while (performance.now() < end) sum += Math.sqrt(sum + 1)
}

const busy: Application = (environ, start) => {
  burnSomeTime()
  return answer("done")(environ, start)
}

test("the functions that took the time are told", async () => {
  const lines: string[] = []
  const { text, header } = await call(
    (app) => profiler(app, { stream: { write: (each) => void lines.push(each) } }),
    { path: "/x" },
    busy,
  )
  expect(text).toBe("done")
  expect(header("Server-Timing")).toMatch(/^app;dur=\d+\.\d$/)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^GET \/x: \d+\.\d ms\n/)
  expect(lines[0]).toMatch(/burnSomeTime .*profiler\.test\.ts:\d+/)
})

test.each([
  ["an array", answer("a")],
  ["chunks", stream(["a", "b"])],
  ["a promise", async (environ, start) => answer("a")(environ, start)],
] as [string, Application][])(
  "a response of %s is left as it is, and the next request is measured again",
  async (_, app) => {
    let reports = 0
    const layer = profiler(app, { stream: { write: () => void reports++ } })
    const plain = await call(() => app)
    for (let round = 1; round <= 2; round++) {
      expect((await call(() => layer)).text).toBe(plain.text)
      expect(reports).toBe(round)
    }
  },
)

test("an application that fails is measured, too", async () => {
  let reports = 0
  const failing: Application = async () => {
    throw new Error("no")
  }
  await expect(call((app) => profiler(app, { stream: { write: () => void reports++ } }), {}, failing)).rejects.toThrow(
    "no",
  )
  expect(reports).toBe(1)
})

test("requests that come meanwhile pass", async () => {
  let reports = 0
  const waiting: Application = async (environ, start) => {
    await sleep(30)
    return answer("a")(environ, start)
  }
  const layer = profiler(waiting, { stream: { write: () => void reports++ } })
  const found = await Promise.all([call(() => layer), call(() => layer), call(() => layer)])
  expect([found.map(({ text }) => text), reports]).toEqual([["a", "a", "a"], 1])
})

test("files are written that developer tools can read", async () => {
  const profileDir = join(await mkdtemp(join(tmpdir(), "werkstatt-profiles-")), "new")
  onTestFinished(() => rm(join(profileDir, ".."), { recursive: true }))
  await call((app) => profiler(app, { stream: null, profileDir }), { path: "/a/b" }, busy)
  await call((app) => profiler(app, { stream: null, profileDir, filenameFormat: () => "own" }), {}, busy)
  let names: string[] = []
  for (let tries = 0; names.length < 2 && tries < 100; tries++) {
    await sleep(10)
    names = (await readdir(profileDir)).sort()
  }
  expect(names).toEqual([expect.stringMatching(/^GET\.a\.b\.\d+ms\.\d+\.cpuprofile$/), "own"])
  const profile = JSON.parse(await readFile(join(profileDir, names[0] as string), "utf8"))
  expect(Object.keys(profile)).toEqual(
    expect.arrayContaining(["nodes", "startTime", "endTime", "samples", "timeDeltas"]),
  )
})

const frame = (functionName: string, url = "") => ({ functionName, scriptId: "0", url, lineNumber: 4, columnNumber: 0 })
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)") },
    { id: 2, callFrame: frame("one", "file:///a.js") },
    { id: 3, callFrame: frame("", "file:///b.js") },
    { id: 4, callFrame: frame("one", "file:///a.js") },
  ],
  startTime: 0,
  endTime: 10_000,
  samples: [2, 3, 4, 1],
  timeDeltas: [100, 3000, 1000, 2000],
}

test("times are summed by function", () => {
  expect(functionTimes(profile)).toEqual([
    { location: "one file:///a.js:5", selfMs: 5 },
    { location: "(anonymous) file:///b.js:5", selfMs: 1 },
    { location: "(root)", selfMs: 0 },
  ])
  expect(functionTimes({ nodes: [], startTime: 0, endTime: 0 })).toEqual([])
})

test("the list can be cut and narrowed", () => {
  const request = { method: "GET", path: "/\u001b[2J\n", elapsedMs: 6, time: new Date(0), profile }
  expect(formatProfile(request, 1)).toBe("GET /?[2J?: 6.0 ms\n   self ms  function\n      5.00  one file:///a.js:5\n")
  expect(formatProfile(request, 5, ["b\\.js", /anon/])).toContain("(anonymous)")
  expect(formatProfile(request, 5, ["b\\.js", /one/]).split("\n")).toHaveLength(3)
})

test.each([
  ["/../../etc/passwd", "GET.......etc.passwd"],
  ["/a\u0000b\\c:d", "GET.a_b_c_d"],
  ["", "GET.root"],
])("the path %j leads into no other folder", (path, start) => {
  const name = formatFilename({ method: "GET", path, elapsedMs: 1, time: new Date(0) })
  expect(name.startsWith(start)).toBe(true)
  expect(name).not.toMatch(/[/\\]/)
})

test("an interval is a number of microseconds", () => {
  expect(() => profiler(busy, { intervalMicros: 0 })).toThrow(RangeError)
})
