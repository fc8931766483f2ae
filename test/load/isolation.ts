// Many requests at once, each with an id of its own that it looks for in its locals wherever a value could get lost
// or come from somebody else: behind every kind of wait, in nested contexts, in streams, in the body and its close.

import { pbkdf2, randomInt, randomUUID } from "node:crypto"
import { EventEmitter, once } from "node:events"
import { readFile } from "node:fs/promises"
import { Agent, request as httpRequest } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable, Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { createServer } from "../../src/adapters/node.ts"
import type { Application } from "../../src/gateway.ts"
import { isBound, Local, LocalStack, runWithContext, withContext } from "../../src/local.ts"

interface Values {
  id: string
  user: { id: string; greet(): string }
}

export interface Outcome {
  /** Requests that were answered to their end. */
  answered: number
  /** Requests that the client broke off in the middle of the body. */
  aborted: number
  /** Looks at a local, on either side. */
  looks: number
  /** Looks that found the value of another request, or none, or one where there should be none. */
  wrong: string[]
}

const local = new Local<Values>()
const stack = new LocalStack<string>()
const user = local.proxy("user")
const emitter = new EventEmitter().setMaxListeners(0)

/** Serves and asks with so many connections until the time is over. */
export async function isolation(connections: number, durationMs: number): Promise<Outcome> {
  const outcome: Outcome = { answered: 0, aborted: 0, looks: 0, wrong: [] }
  const look = (place: string, id: string | undefined): void => {
    outcome.looks++
    const seen = [local.get("id"), stack.top, isBound(user) ? user.id : undefined]
    if (seen.some((each) => each !== id) && outcome.wrong.length < 20) outcome.wrong.push(`${place}: ${id} saw ${seen}`)
  }
  const afterwards: Promise<void>[] = []
  const app = withContext(application(look, afterwards))
  const { server, drain } = createServer(app)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const end = performance.now() + durationMs
  await Promise.all(
    Array.from({ length: connections }, async () => {
      do {
        const id = randomUUID()
        const abort = randomInt(10) === 0
        const text = await ask(port, agent, id, abort)
        look("client", undefined)
        if (abort) outcome.aborted++
        else if (text === `${id} ${id} ${id} `) outcome.answered++
        else outcome.wrong.push(`answer for ${id}: ${text}`)
      } while (performance.now() < end)
    }),
  )
  agent.destroy()
  await drain()
  await Promise.all(afterwards)
  look("the end", undefined)
  return outcome
}

function application(look: (place: string, id: string) => void, afterwards: Promise<void>[]): Application {
  return async (environ, startResponse) => {
    const id = environ["HTTP_X_ID"] as string
    local.set("id", id).set("user", { id, greet: () => `${user.id} ` })
    stack.push(id)
    look("start", id)
    await anything(id, look)
    const sent = new TextDecoder().decode(await environ["wsgi.input"].read())
    look("input", id)
    if (sent !== id) look(`input ${sent}`, "")
    await Promise.all([inside(id, look), anything(id, look), anything(id, look)])
    look("after nested contexts", id)
    afterwards.push(sleep(randomInt(20)).then(() => look("after the response", id)))
    startResponse("200 OK", [["Content-Type", "text/plain"]])
    const chunk = (): Uint8Array => new TextEncoder().encode(user.greet())
    const close = async (): Promise<void> => {
      look("close", id)
      await nextTurn()
      look("late in close", id)
    }
    if (id.charCodeAt(0) % 2 === 0) {
      let count = 0
      const next = (): IteratorResult<Uint8Array> => {
        look("next", id)
        return count++ < 3 ? { done: false, value: chunk() } : { done: true, value: undefined }
      }
      return { [Symbol.iterator]: () => ({ next }), close }
    }
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 3; count++) {
        look("generator", id)
        yield chunk()
        look("after yield", id)
        await anything(id, look)
      }
    }
    return { [Symbol.asyncIterator]: body, close }
  }
}

const WAITS: ((id: string, look: (place: string, id: string) => void) => unknown)[] = [
  () => sleep(randomInt(4)),
  () => nextTurn(),
  () => Promise.resolve(),
  () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  () => new Promise<void>((resolve) => process.nextTick(resolve)),
  () => readFile(new URL(import.meta.url)),
  () => promisify(pbkdf2)("x", "salt", 1, 16, "sha1"),
  async (id, look) => {
    const check = new Transform({
      transform(chunk, _encoding, callback) {
        look("stream", id)
        setImmediate(callback, null, chunk)
      },
    })
    await pipeline(Readable.from(["a", "b"]), check, async (source) => {
      for await (const _ of source) look("pipeline", id)
    })
  },
  async (id, look) => {
    // Somebody else's event wakes us.
    const waiting = once(emitter, "tick")
    setImmediate(() => emitter.emit("tick"))
    await waiting
    look("event", id)
  },
]

async function anything(id: string, look: (place: string, id: string) => void): Promise<void> {
  const index = randomInt(WAITS.length)
  await WAITS[index]?.(id, look)
  look(`wait ${index}`, id)
}

async function inside(id: string, look: (place: string, id: string) => void): Promise<void> {
  await runWithContext(async () => {
    look("nested", id)
    const other = `${id} inside`
    local.set("id", other).set("user", { id: other, greet: () => "" })
    stack.push(other)
    await anything(other, look)
  })
  look("behind a nested context", id)
}

function ask(port: number, agent: Agent, id: string, abort: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: "127.0.0.1", agent, method: "POST", headers: { "X-Id": id } })
    outgoing.on("error", (error) => (abort ? resolve("") : reject(error)))
    outgoing.on("response", async (response) => {
      let text = ""
      try {
        for await (const chunk of response) {
          text += chunk
          if (abort) outgoing.destroy()
        }
      } catch (error) {
        if (!abort) reject(error)
      } finally {
        resolve(text)
      }
    })
    outgoing.end(id)
  })
}
