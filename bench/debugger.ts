// What the debugger costs: a request when nothing is thrown, a throw that is caught, one that reaches the server, and the
// memory of an error that is kept. `npm run bench -- debugger`, or with the memory too:
//   node --expose-gc --import tsx bench/debugger.ts

import { Request, Response } from "werkstatt"
import { DebuggedApplication } from "werkstatt/debug"
import { runApplication } from "werkstatt/environ"
import { createEnviron } from "werkstatt/testing"

const fine = Request.application(() => new Response("Hello"))
const failing = Request.application(() => view(1))

function view(depth: number): Response {
  const local = { depth, list: [1, 2, 3] }
  if (depth < 8) return view(depth + 1)
  throw new Error(`failed at ${local.depth}`)
}

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] as number

async function requestMicros(app: typeof fine): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 15; round++) {
    const environs = Array.from({ length: 2000 }, () => createEnviron("/"))
    const began = performance.now()
    for (const environ of environs) await runApplication(app, environ)
    times.push((performance.now() - began) / 2)
  }
  return median(times)
}

async function throwMs(run: () => unknown, count: number): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    await run()
    times.push(performance.now() - began)
    // Within the share of each second that throws may take.
    if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 1100))
  }
  return median(times)
}

function caught(): void {
  try {
    view(1)
  } catch {
    // As code does that throws and catches.
  }
}

const errors = { write() {}, writeLines() {}, flush() {} }
const row = (what: string, value: number, unit: string) => console.log(`${what.padEnd(44)} ${value.toFixed(3)} ${unit}`)

console.log(`Node ${process.version}`)
const plain = await requestMicros(fine)
const caughtPlain = await throwMs(caught, 100)
const debugged = new DebuggedApplication(fine, { log: () => {} })
await debugged.arm()
row("a request, off", plain, "us")
const off = await requestMicros(fine)
row("a request, armed in the same process", off, "us")
row("a request, through the debugger, armed", await requestMicros(debugged.application), "us")
row("a throw of 8 frames that is caught, off", caughtPlain, "ms")
row("the same, armed, the first three times", await throwMs(caught, 3), "ms")
row("the same, armed, in the end", await throwMs(caught, 100), "ms")
const broken = new DebuggedApplication(failing, { log: () => {} })
await broken.arm()
const answer = (accept: string) => async () =>
  (
    await runApplication(
      broken.application,
      Object.assign(createEnviron("/", { headers: { Accept: accept } }), {
        "wsgi.errors": errors,
        REMOTE_ADDR: "127.0.0.1",
      }),
      { buffered: true },
    )
  ).status
row("a captured throw, as text", await throwMs(answer("*/*"), 60), "ms")
row("a captured throw, as a page", await throwMs(answer("text/html"), 60), "ms")
const gc = (globalThis as { gc?: () => void }).gc
if (gc !== undefined) {
  const fresh = new DebuggedApplication(failing, { log: () => {} })
  const use = () => {
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = use()
  for (let i = 0; i < 20; i++) {
    await runApplication(
      fresh.application,
      Object.assign(createEnviron("/"), { "wsgi.errors": errors, HTTP_ACCEPT: "text/html" }),
      { buffered: true },
    )
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  row("memory of a kept error (of 20)", (use() - before) / 20 / 1024, "KiB")
}
await debugged.disarm()
