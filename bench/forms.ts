// Forms: what reading them costs beside busboy, beside what frameworks and the platform have, in large chunks and in small
// ones, of usual bodies and of the worst; and what a large upload does to the process that takes it. Those that are compared
// take turns in one run; the ratio of their medians is what counts.

import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import busboy from "busboy"
import fastQuerystring from "fast-querystring"
import { inputFrom } from "../dist/environ/index.js"
import { busboyDecoder } from "../dist/forms/busboy.js"
import {
  encodeMultipart,
  FormDataParser,
  type FormEntry,
  MemoryUploadStore,
  MultipartDecoder,
} from "../dist/forms/index.js"
import { settleLimits } from "../src/forms/limits.ts"
import { readUrlencoded } from "../src/forms/urlencoded.ts"
import { median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 11)
const UPLOAD_BYTES = Number(process.env["UPLOAD_MIB"] ?? 2048) * 1024 * 1024
const MIB = 1024 * 1024

const boundary = "----WebKitFormBoundaryR3TQnUzVX5u2HpCm"
const contentType = `multipart/form-data; boundary=${boundary}`

async function bodyOf(entries: FormEntry[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const chunk of encodeMultipart(entries, { boundary }).body) pieces.push(chunk)
  return Buffer.concat(pieces)
}

function cut(whole: Buffer, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let start = 0; start < whole.length; start += size) chunks.push(whole.subarray(start, start + size))
  return chunks
}

function fileOf(size: number): FormEntry[1] {
  const block = new Uint8Array(MIB)
  for (let index = 0; index < block.length; index++) block[index] = (index * 7919) >> 5
  return {
    filename: "file.bin",
    stream: function* () {
      for (let left = size; left > 0; left -= MIB) yield block.subarray(0, Math.min(left, MIB))
    },
  }
}

async function* source(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
  yield* chunks
}

// ---- one process, from bytes to parts

async function parts(chunks: Uint8Array[], options = {}): Promise<number> {
  let size = 0
  for await (const part of new FormDataParser(options).parts(inputFrom(source(chunks)), contentType)) {
    for await (const chunk of part) size += chunk.length
  }
  return size
}

const memory = new MemoryUploadStore({ maxUploadMemorySize: Number.POSITIVE_INFINITY })

async function form(chunks: Uint8Array[]): Promise<number> {
  const { form, files } = await new FormDataParser({ uploadStore: memory }).parse(
    inputFrom(source(chunks)),
    contentType,
  )
  return form.size + files.size
}

async function bareBusboy(chunks: Uint8Array[]): Promise<number> {
  let size = 0
  const parser = busboy({ headers: { "content-type": contentType } })
  parser.on("file", (_name, file) => {
    file.on("data", (chunk: Buffer) => {
      size += chunk.length
    })
  })
  parser.on("field", (_name, value) => {
    size += value.length
  })
  Readable.from(source(chunks), { objectMode: false }).pipe(parser)
  await once(parser, "close")
  return size
}

async function platform(chunks: Uint8Array[]): Promise<number> {
  const body = Readable.toWeb(Readable.from(source(chunks), { objectMode: false }))
  const data = await new globalThis.Request("http://a/", {
    method: "POST",
    headers: { "content-type": contentType },
    body: body as ReadableStream,
    duplex: "half",
  } as RequestInit).formData()
  return [...data].length
}

type Run = (chunks: Uint8Array[]) => Promise<number>

/** Milliseconds of the processor that one run takes. Others on the machine have no part in them. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What one run of each takes, medians of rounds. Small bodies are read many times in a round. */
async function race(chunks: Uint8Array[], runs: Run[]): Promise<number[]> {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const repetitions = size === 0 ? 1 : Math.ceil(8_000_000 / size)
  const times = runs.map((): number[] => [])
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) {
      const start = cpuMs()
      for (let count = 0; count < repetitions; count++) await run(chunks)
      if (round >= 0) times[index]?.push((cpuMs() - start) / repetitions)
    }
  }
  return times.map(median)
}

const bodies: [name: string, entries: FormEntry[]][] = [
  ["a file of 64 MiB", [["file", fileOf(64 * MIB)]]],
  ["1 field", [["field", "value"]]],
  [
    "900 fields",
    Array.from({ length: 900 }, (_, index): FormEntry => [`field-${index}`, `value of the field ${index}`]),
  ],
  [
    "50 fields, 10 files of 20 KiB",
    [
      ...Array.from({ length: 50 }, (_, index): FormEntry => [`field-${index}`, "value"]),
      ...Array.from({ length: 10 }, (): FormEntry => ["file", fileOf(20 * 1024)]),
    ],
  ],
]

const rows: string[][] = []
const claims: [string, boolean][] = []
for (const [name, entries] of bodies) {
  const body = await bodyOf(entries)
  for (const [size, chunkSize] of [
    ["64 KiB", 65_536],
    ["1 KiB", 1024],
  ] as const) {
    const [ours = 0, parsed = 0, byBusboy = 0, bare = 0, web = 0] = await race(cut(body, chunkSize), [
      parts,
      form,
      (all) => parts(all, { decoder: busboyDecoder }),
      bareBusboy,
      platform,
    ])
    const speed = (ms: number) => `${(body.length / 1000 / ms).toFixed(body.length < 1000 ? 1 : 0)} MB/s`
    rows.push([name, size, speed(ours), speed(parsed), speed(byBusboy), speed(bare), speed(web)])
    const what = `${name} in chunks of ${size}`
    // Of a large file bare busboy lets go, and form() does not.
    const best = Math.min(ours, parsed)
    claims.push([`${what}: at ${(bare / best).toFixed(2)} of bare busboy (at least 1)`, bare / best >= 1])
    claims.push([
      `${what}: form() at ${(web / parsed).toFixed(2)} of Request.formData() (at least 1)`,
      web / parsed >= 1,
    ])
  }
}
table(["multipart", "chunks", "parts()", "form()", "parts() by busboy", "busboy", "formData()"], rows)
for (const [claim, met] of claims) target(claim, met)

// ---- the worst bodies, the decoder alone

const head = (name: string, of = boundary) =>
  `--${of}\r\nContent-Disposition: form-data; name="${name}"; filename=f\r\n\r\n`
const filled = (filler: string, of = boundary) =>
  `${head("f", of)}${filler.repeat(Math.ceil(6_000_000 / filler.length))}\r\n--${of}--`
const heads = (name: string) => `${head(name.repeat(Math.floor(15_000 / name.length))).repeat(400)}--${boundary}--`
const worst: [name: string, body: string, boundary?: string][] = [
  ["boundaries that go on otherwise", filled("\r\n--BB", "B"), "B"],
  ["the same of a long one", filled(`\r\n--${boundary}x`)],
  ["beginnings of the boundary", filled(`\r\n--${boundary.slice(0, -1)}`)],
  ["ends of the boundary", filled(boundary.slice(1))],
  ["one letter, which the boundary is made of", filled("a", "a".repeat(70)), "a".repeat(70)],
  ["CR", filled("\r")],
  ["LF", filled("\n")],
  ["CRLF, short boundary", filled("\r\n", "B"), "B"],
  ["CRLF and dashes, short boundary", filled("\r\n--", "B"), "B"],
  ["names of %22", heads("%22")],
  ["names of %0D%0A", heads("%0D%0A")],
  ["names of backslashes", heads("\\")],
  ["names of quotes", heads('"')],
]
const worstRows: string[][] = []
const worstClaims: [string, boolean][] = []
for (const [name, text, of = boundary] of worst) {
  const body = Buffer.from(text, "latin1")
  const decoded = async (chunks: Uint8Array[]) => {
    const decoder = new MultipartDecoder(of)
    for (const chunk of chunks) {
      decoder.receiveData(chunk)
      while (decoder.nextEvent() !== undefined);
    }
    return 0
  }
  const speeds: number[] = []
  for (const size of [65_536, 1024]) {
    const [ms = 0] = await race(cut(body, size), [decoded])
    speeds.push(body.length / 1000 / ms)
  }
  worstRows.push([name, ...speeds.map((speed) => `${speed.toFixed(0)} MB/s`)])
  const slowest = Math.min(...speeds)
  worstClaims.push([`${name}: ${slowest.toFixed(0)} MB/s (at least 50)`, slowest >= 50])
}
console.log()
table(["worst bodies", "64 KiB", "1 KiB"], worstRows)
for (const [claim, met] of worstClaims) target(claim, met)

// ---- urlencoded: the pairs, which is what the peers give, and the form, which is a multi-dict of them

const address = {
  name: "Ada Lovelace",
  email: "ada@example.com",
  street: "12 St. James's Square",
  city: "London",
  postcode: "SW1Y 4LE",
  country: "gb",
  comment: "Please ring twice.\r\nThe dog doesn't bite.",
  newsletter: "on",
  token: "c2VjcmV0LXRva2VuLWZvci10aGlzLWZvcm0",
  go: "Send",
}
const texts: [name: string, text: string][] = [
  ["an address, 10 fields", new URLSearchParams(address).toString()],
  ["80 plain fields", Array.from({ length: 80 }, (_, index) => `field${index}=value${index}`).join("&")],
  [
    "80 fields, half escaped",
    Array.from(
      { length: 40 },
      (_, index) => `plain${index}=text+${index}&field${index}=some%20v%C3%A4l%26ue%20${index}`,
    ).join("&"),
  ],
]

const decoder = new TextDecoder()
const parser = new FormDataParser()
const limits = settleLimits({})
const read = async (bytes: Uint8Array) => decoder.decode(await inputFrom(bytes).read())
const urlencodedRows: string[][] = []
const urlencodedClaims: [string, boolean][] = []
for (const [name, text] of texts) {
  const bytes = new TextEncoder().encode(text)
  const times = Math.ceil(1_000_000 / text.length)
  const repeated =
    (run: () => unknown): Run =>
    async () => {
      for (let count = 0; count < times; count++) await run()
      return 0
    }
  const raced = await race(
    [],
    [
      repeated(() => readUrlencoded(inputFrom(bytes), limits, bytes.length)),
      repeated(() => parser.parse(inputFrom(bytes), "application/x-www-form-urlencoded", bytes.length)),
      repeated(async () => new URLSearchParams(await read(bytes))),
      repeated(async () => fastQuerystring.parse(await read(bytes))),
    ],
  )
  const [ours = 0, , params = 0, fast = 0] = raced
  urlencodedRows.push([name, ...raced.map((ms) => `${((ms / times) * 1000).toFixed(1)} µs`)])
  const ratio = Math.min(params, fast) / ours
  urlencodedClaims.push([`${name}: pairs at ${ratio.toFixed(2)} of the faster peer (at least 1)`, ratio >= 1])
}
console.log()
table(["urlencoded", "pairs", "form()", "URLSearchParams", "fast-querystring"], urlencodedRows)
for (const [claim, met] of urlencodedClaims) target(claim, met)

// ---- over a socket

interface Taken {
  size: number
  idle: number
  peak: number
  p99Ms: number
}

async function send(port: number, path: string, size: number): Promise<Taken> {
  const { body } = encodeMultipart([["file", fileOf(size)]], { boundary })
  const outgoing = httpRequest({
    port,
    host: "127.0.0.1",
    method: "POST",
    path,
    headers: { "content-type": contentType },
  })
  for await (const chunk of body) if (!outgoing.write(chunk)) await once(outgoing, "drain")
  outgoing.end()
  const [response] = (await once(outgoing, "response")) as [AsyncIterable<Buffer>]
  let answer = ""
  for await (const chunk of response) answer += chunk
  const taken = JSON.parse(answer) as Taken
  if (taken.size !== size) throw new Error(`${taken.size} bytes were taken where ${size} were sent`)
  return taken
}

const directory = mkdtempSync(join(tmpdir(), "bench-uploads-"))
const servers = [
  await ServerProcess.start("upload-werkstatt", directory),
  await ServerProcess.start("upload-busboy"),
  await ServerProcess.start("upload-fastify"),
]
const cpu: number[][] = servers.map(() => [])
const wall: number[][] = servers.map(() => [])
for (let round = -1; round < ROUNDS; round++) {
  for (const [index, server] of servers.entries()) {
    const [before, start] = [await server.usage(), performance.now()]
    await send(server.port, "/", 128 * MIB)
    if (round < 0) continue
    wall[index]?.push(performance.now() - start)
    cpu[index]?.push((await server.usage()).cpuMicros - before.cpuMicros)
  }
}
const [oursCpu = 0, , fastifyCpu = 0] = cpu.map(median)
console.log()
table(
  ["128 MiB over a socket", "server CPU", "wall"],
  servers.map(({ name }, index) => [
    name,
    `${(median(cpu[index] ?? []) / 1000).toFixed(0)} ms`,
    `${median(wall[index] ?? []).toFixed(0)} ms`,
  ]),
)
target(
  `over a socket at ${(fastifyCpu / oursCpu).toFixed(2)} of @fastify/multipart (at least 1)`,
  fastifyCpu / oursCpu >= 1,
)
for (const server of servers) await server.stop()

const fresh = await ServerProcess.start("upload-werkstatt", directory)
await send(fresh.port, "/store", MIB)
const start = performance.now()
const { idle, peak, p99Ms } = await send(fresh.port, "/store", UPLOAD_BYTES)
const seconds = (performance.now() - start) / 1000
await fresh.stop()
rmSync(directory, { recursive: true })
const above = (peak - idle) / MIB
console.log()
console.log(`${UPLOAD_BYTES / MIB} MiB to a file: ${(UPLOAD_BYTES / MIB / seconds).toFixed(0)} MiB/s`)
target(`peak memory ${above.toFixed(0)} MiB above the idle process (at most 64)`, above <= 64)
target(`event-loop delay p99 ${p99Ms.toFixed(1)} ms (at most 50)`, p99Ms <= 50)
