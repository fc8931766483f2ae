// What is thrown and caught again and again is passed over by the engine, and what reaches the server is not: by the frames
// that the engine tells of, and in a running program.

import type { Debugger } from "node:inspector"
import { describe, expect, test } from "vitest"
import { PassedOver, thresholdsOf } from "../../src/debug/passed-over.ts"
import { site } from "./site.ts"

interface Positions {
  scriptId: string
  positions: { lineNumber: number; columnNumber: number }[]
}

/** A frame in a function from one line to another one of a script. */
const frame = (scriptId: string, start: number, end: number): Debugger.CallFrame =>
  ({
    location: { scriptId, lineNumber: start + 1, columnNumber: 4 },
    scopeChain: [
      {
        type: "local",
        object: { type: "object" },
        startLocation: { scriptId, lineNumber: start, columnNumber: 2 },
        endLocation: { scriptId, lineNumber: end, columnNumber: 3 },
      },
    ],
  }) as unknown as Debugger.CallFrame

const NEW = thresholdsOf("12.4.254")
const OLD = thresholdsOf("11.3.244")

function passedOver(thresholds = NEW) {
  const commands: Positions[] = []
  const made = new PassedOver(
    (method, parameters) => {
      expect(method).toBe("Debugger.setBlackboxedRanges")
      commands.push(parameters as Positions)
    },
    ({ location }) =>
      location.scriptId.startsWith("own") ? "package" : location.scriptId.startsWith("node") ? "node" : "application",
    thresholds,
  )
  return { made, commands }
}

const times = (count: number, run: () => boolean): boolean[] => Array.from({ length: count }, run)

describe("what is passed over", () => {
  test("the functions on the stack, when an error of one place was seen twice; it is kept as long as it pauses", () => {
    const { made, commands } = passedOver()
    const frames = [frame("app", 10, 12), frame("app", 20, 30), frame("own", 1, 5), frame("node", 1, 9)]
    expect(times(2, () => made.isWorthKeeping("a", frames))).toEqual([true, true])
    expect(commands).toEqual([])
    expect(made.isWorthKeeping("a", frames)).toBe(true)
    expect(commands.at(-1)).toEqual({
      scriptId: "app",
      positions: [
        { lineNumber: 10, columnNumber: 1 },
        { lineNumber: 12, columnNumber: 3 },
        { lineNumber: 20, columnNumber: 1 },
        { lineNumber: 30, columnNumber: 3 },
      ],
    })
    expect(commands.every(({ scriptId }) => scriptId === "app")).toBe(true)
  })

  test("those of the application and of what it has called of this package, but not where errors arrive", () => {
    const { made, commands } = passedOver()
    const frames = [
      frame("own-inner", 1, 2),
      frame("app", 1, 2),
      frame("node", 1, 2),
      frame("own-outer", 1, 2),
      frame("app2", 1, 2),
      frame("own-driver", 1, 2),
      frame("node-http", 1, 2),
    ]
    times(3, () => made.isWorthKeeping("a", frames))
    expect(commands.map(({ scriptId }) => scriptId)).toEqual(["own-inner", "app", "app2"])
  })

  test("a function and what lies in it are one range, in any order", () => {
    const { made, commands } = passedOver()
    times(3, () => made.isWorthKeeping("a", [frame("app", 5, 6)]))
    times(3, () => made.isWorthKeeping("b", [frame("app", 1, 20)]))
    expect(commands.at(-1)?.positions).toEqual([
      { lineNumber: 1, columnNumber: 1 },
      { lineNumber: 20, columnNumber: 3 },
    ])
    times(3, () => made.isWorthKeeping("c", [frame("app", 7, 8)]))
    expect(commands).toHaveLength(2)
  })

  test("whole scripts when it pauses all the same, and at last it is not kept any more", () => {
    const { made, commands } = passedOver()
    const frames = [frame("node", 1, 2), frame("app", 5, 6)]
    expect(times(8, () => made.isWorthKeeping("a", frames))).toEqual([...Array(6).fill(true), false, false])
    expect(commands.at(-1)).toEqual({ scriptId: "app", positions: [{ lineNumber: 0, columnNumber: 0 }] })
    expect(commands.map(({ scriptId }) => scriptId)).not.toContain("node")
  })

  test("never for the sake of a place whose error has reached the server", () => {
    const { made, commands } = passedOver()
    made.isWorthKeeping("a", [frame("app", 1, 9)])
    made.reached("a", false)
    expect(times(20, () => made.isWorthKeeping("a", [frame("app", 1, 9)]))).toEqual(Array(20).fill(true))
    expect(commands).toEqual([])
    times(3, () => made.isWorthKeeping("b", [frame("app", 1, 9)]))
    expect(commands).toHaveLength(1)
  })

  test("never the functions that have caught an error and thrown another one that reached the server because of it", () => {
    const { made, commands } = passedOver()
    made.isWorthKeeping("a", [frame("app", 1, 9), frame("app", 11, 12)])
    made.reached("a", true)
    made.isWorthKeeping("alone", [frame("app", 31, 39)])
    made.reached("alone", true)
    times(20, () => made.isWorthKeeping("b", [frame("app", 1, 9), frame("app", 11, 12), frame("app", 31, 39)]))
    expect(commands.at(-1)?.positions.map(({ lineNumber }) => lineNumber)).toEqual([1, 9])
  })

  test("nothing any more when an error was missed, and anew from then on", () => {
    const { made, commands } = passedOver()
    const frames = [frame("app", 1, 2)]
    times(10, () => made.isWorthKeeping("a", frames))
    made.watchAll()
    expect(commands.at(-1)).toEqual({ scriptId: "app", positions: [] })
    const before = commands.length
    expect(times(3, () => made.isWorthKeeping("a", frames))).toEqual([true, true, true])
    expect(commands.length).toBe(before + 1)
  })

  test("before V8 12 the function that throws alone, and what is passed over is not kept", () => {
    const { made, commands } = passedOver(OLD)
    const frames = [frame("app", 1, 2), frame("app2", 1, 2)]
    expect(times(7, () => made.isWorthKeeping("a", frames))).toEqual([...Array(5).fill(true), false, false])
    expect(commands.map(({ scriptId }) => scriptId)).toEqual(["app"])
    made.isWorthKeeping("b", [frame("app3", 1, 2)])
    made.reached("b", false)
    times(9, () => made.isWorthKeeping("c", [frame("app3", 1, 2)]))
    expect(commands).toHaveLength(1)
  })

  test("the beginning of a script has nothing before it", () => {
    const { made, commands } = passedOver()
    const atStart = frame("app", 0, 2)
    Object.assign(atStart.scopeChain[0]?.startLocation as object, { columnNumber: 0 })
    times(3, () => made.isWorthKeeping("a", [atStart]))
    expect(commands.at(-1)?.positions[0]).toEqual({ lineNumber: 0, columnNumber: 0 })
  })
})

const MAIN = `
import { readFileSync } from "node:fs"
import { EventEmitter } from "node:events"
import { Request, Response } from "werkstatt"
import { DebuggedApplication } from "werkstatt/debug"
import { createServer } from "werkstatt/adapters/node"

const tick = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))
const fail = (text) => { const local = text; throw new Error(text) }
const failLater = async (text) => { await tick(); const local = text; throw new Error(text) }
const thrown = []
const seen = (error) => void thrown.push(error)

const caught = {
  sync() { try { fail("x") } catch (error) { seen(error) } },
  nested() { try { [1].map(() => fail("x")) } catch (error) { seen(error) } },
  native() { try { JSON.parse("{") } catch (error) { seen(error) } },
  emitted() { const emitter = new EventEmitter().on("event", () => fail("x")); try { emitter.emit("event") } catch (error) { seen(error) } },
  node() { try { readFileSync("/no/such/file") } catch (error) { seen(error) } },
  async awaited() { try { await failLater("x") } catch (error) { seen(error) } },
  async handled() { await failLater("x").catch(seen) },
  async settled() { seen((await Promise.allSettled([failLater("x")]))[0].reason) },
}
const reaching = {
  sync() { fail("r") },
  nested() { [1].map(() => fail("r")) },
  native() { const local = "r"; JSON.parse("{") },
  async awaited() { await failLater("r") },
  async deep() { await (async () => { await tick(); await (async () => failLater("r"))() })() },
  async wrapped() { try { await failLater("r") } catch (cause) { throw new Error("wrapped", { cause }) } },
  async early() { const early = failLater("r"); await tick(10); await early },
}
// What rejects before somebody awaits it ends no process here.
process.on("unhandledRejection", () => {})

const app = Request.application(async (request) => {
  const [, kind, name] = request.path.split("/")
  if (kind === "reaching") return await reaching[name]()
  thrown.length = 0
  for (let i = 0; i < 20; i++) await caught[name]()
  const traced = await Promise.all(thrown.map((error) => debugged.trace(error)))
  return Response.json({ thrown: thrown.length, kept: traced.filter(({ captured }) => captured !== undefined).length })
})
const debugged = new DebuggedApplication(app)
await debugged.arm()
const { server } = createServer(debugged.application)
server.listen(0, "127.0.0.1", () => console.log("Running on http://127.0.0.1:" + server.address().port + "\\nCTRL+C\\nDebugger PIN: " + debugged.pin))
process.once("SIGTERM", async () => { await debugged.disarm(); process.exit() })
`

describe("in a running program", () => {
  const here = site({ "main.js": MAIN })

  test.each([
    ["sync", 3],
    ["nested", 3],
    ["native", 3],
    ["emitted", 6],
    ["awaited", 6],
    ["handled", 6],
    ["settled", 6],
    ["node", 6],
  ])("what is caught 20 times (%s) is kept %i times at most", async (name, most) => {
    const wayCounts = thresholdsOf(process.versions.v8).wayCounts
    const answer = (await (await fetch(`${here.visitor.url}/caught/${name}`)).json()) as {
      thrown: number
      kept: number
    }
    expect(answer.thrown).toBe(20)
    expect(answer.kept).toBeLessThanOrEqual(wayCounts ? most : 5)
  })

  test.each(["sync", "nested", "native", "awaited", "deep", "wrapped", "early"])(
    "and what reaches the server from the same functions (%s) has its variables, at the second time at the latest",
    async (name) => {
      for (let round = 0; round < 2; round++) {
        let page = await here.visitor.page(`/reaching/${name}`)
        const kept = () => page.frames.find(({ inside, hasConsole }) => hasConsole && inside.includes(">local<"))
        if (kept() === undefined) page = await here.visitor.page(`/reaching/${name}`)
        await here.visitor.enterPin(page, here.pin)
        expect(await here.visitor.evaluate(page, kept()?.index, "local")).toBe('"r"')
      }
    },
  )
})
