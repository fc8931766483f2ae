// What applications do most, on each framework in its own best usual way: CPU time of the server process for each request, as
// the operating system counts it. Rounds take turns, and only ratios within a round are compared.
//
// Then layers of middleware as people stack them; the same cases over TLS, for which h2load of Debian's nghttp2-client is needed;
// and what a request allocates.
//
//   PARTS="http layers tls allocation" CASES="get post" PEERS="fastify hono" NODES="26" ROUNDS=9 CHART=docs/speed.svg npm run bench -- api

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { nodeBinary } from "../.ci/node-binary.mjs"
import { generateAdhocSslPair } from "../dist/serving/index.js"
import { type Bars, barChart } from "./bar-chart.ts"
import { load, median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 11)
const REQUESTS = Number(process.env["REQUESTS"] ?? 3000)
const WARM_UP = 5000
const CONNECTIONS = 32
const OWN = "werkstatt"

const BROWSER = [
  "Host: shop.example.com",
  "Connection: keep-alive",
  "Cache-Control: max-age=0",
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Referer: https://shop.example.com/links/",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
]
const BRIEF = ["Host: localhost", "Accept: */*", "User-Agent: bench"]

const request = (line: string, fields: readonly string[], body = "") =>
  `${line} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n${body}`
const get = (path: string) => request(`GET ${path}`, BRIEF)
const post = (path: string, type: string, body: string) =>
  request(`POST ${path}`, [...BRIEF, `Content-Type: ${type}`, `Content-Length: ${body.length}`], body)

const JSON_200 = JSON.stringify({ id: 17, name: "An item", tags: ["a", "b", "c"], note: "n".repeat(140) })
const FORM_10 = Array.from({ length: 10 }, (_, i) => `${i === 0 ? "name" : `field${i}`}=value+of+${i}%21`).join("&")

interface Case {
  title: string
  request: string
  /** The most that it may cost against Fastify and Hono. */
  most: number
  /** The most against bare node:http, where there is a target. */
  mostOfBare?: number
  /** How many requests in place of the usual number, as a part of it. */
  part?: number
}

const CASES: Record<string, Case> = {
  hello: { title: "hello, a query", request: get("/hello?name=you"), most: 0.95, mostOfBare: 1.15 },
  get: {
    title: "GET among 62 rules, 13 headers, a query, a cookie, JSON out",
    request: request("GET /links/17?page=2", [...BROWSER, "Cookie: session=abc123; theme=dark"]),
    most: 0.95,
    mostOfBare: 1.15,
  },
  post: {
    title: "POST 200 bytes of JSON, read, JSON out",
    request: post("/links/", "application/json", JSON_200),
    most: 0.95,
    mostOfBare: 1.15,
  },
  stream: { title: "20 chunks of 1 KiB", request: get("/stream"), most: 0.8, part: 0.3 },
  text: { title: "20 KB of HTML, not ASCII", request: get("/text"), most: 0.95, part: 0.5 },
  ascii: { title: "20 KB of HTML, ASCII", request: get("/ascii"), most: 0.95, part: 0.5 },
  list: { title: "33 KB of JSON", request: get("/list"), most: 1.0, part: 0.3 },
  form: {
    title: "a form of ten fields",
    request: post("/form", "application/x-www-form-urlencoded", FORM_10),
    most: 0.95,
  },
  file: { title: "a file of 4 KiB", request: get("/file"), most: 0.95, part: 0.5 },
  missing: { title: "404 of the router", request: get("/missing"), most: 0.95 },
  thrown: { title: "404 thrown by a view", request: get("/thrown"), most: 0.95 },
  old: { title: "a redirect", request: get("/old"), most: 0.95 },
  headers: { title: "four headers set", request: get("/headers"), most: 0.95 },
}

const names = (process.env["CASES"] ?? Object.keys(CASES).join(" ")).split(" ").filter(Boolean)
const parts = (process.env["PARTS"] ?? "http layers tls allocation").split(" ")
const peers = (process.env["PEERS"] ?? "fastify hono koa express h3").split(" ").filter(Boolean)
const servers = ["bare", OWN, ...peers]
/** Those that the targets are about. */
const RIVALS = ["fastify", "hono"]

const folder = mkdtempSync(join(tmpdir(), "werkstatt-bench-"))
const file = join(folder, "file.txt")
writeFileSync(file, "4 KiB of text.\n".repeat(280).slice(0, 4096))
const { key, cert } = await generateAdhocSslPair("localhost")
writeFileSync(join(folder, "key.pem"), key)
writeFileSync(join(folder, "cert.pem"), cert)
/** The median of the ratios of our figures to a peer's, round by round. */
function ratioTo(found: number[][], all: readonly string[], peer: string): number {
  const own = found[all.indexOf(OWN)] as number[]
  return median(own.map((value, round) => value / (found[all.indexOf(peer)]?.[round] as number)))
}

function rowOf(title: string, found: number[][], all: readonly string[]): string[] {
  const others = all.filter((name) => name !== OWN)
  return [
    title,
    ...found.map((values) => median(values).toFixed(1)),
    ...others.map((name) => ratioTo(found, all, name).toFixed(2)),
  ]
}

const headings = (all: readonly string[]) => ["case", ...all, ...all.filter((s) => s !== OWN).map((s) => `to ${s}`)]

async function measure(binary: string, version: string): Promise<void> {
  const running = await Promise.all(servers.map((name) => ServerProcess.startOn(binary, `api-${name}`, file)))
  try {
    console.log(`\napi: CPU µs/request, medians of ${ROUNDS} rounds, ${CONNECTIONS} connections, Node ${version}\n`)
    const rows: string[][] = []
    const bars: Bars[] = []
    const verdicts: [string, boolean][] = []
    for (const name of names) {
      const each = CASES[name] as Case
      const count = Math.ceil(REQUESTS * (each.part ?? 1))
      const found = await costs(running, count, ({ port }, requests) => load(port, each.request, requests, CONNECTIONS))
      rows.push(rowOf(each.title, found, servers))
      bars.push({ title: each.title, values: found.map((values) => median(values)) })
      for (const peer of servers) {
        const most = peer === "bare" ? each.mostOfBare : RIVALS.includes(peer) ? each.most : undefined
        if (most === undefined) continue
        const ratio = ratioTo(found, servers, peer)
        verdicts.push([`${each.title}: at most ${most} of ${peer} (${ratio.toFixed(2)})`, ratio <= most])
      }
    }
    table(headings(servers), rows)
    console.log()
    for (const [claim, met] of verdicts) target(claim, met)
    const chart = process.env["CHART"]
    if (chart !== undefined) writeFileSync(chart, barChart(`CPU time per request, µs, Node ${version}`, servers, bars))
  } finally {
    await Promise.all(running.map((server) => server.stop()))
  }
}

/** CPU microseconds for each request: of each server, round by round. */
async function costs(
  running: readonly ServerProcess[],
  count: number,
  ask: (server: ServerProcess, requests: number) => Promise<void>,
): Promise<number[][]> {
  // Until what is hot is compiled.
  for (const server of running) await ask(server, Math.max(count * 3, Math.min(count * 10, WARM_UP)))
  const found: number[][] = running.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, server] of running.entries()) {
      const before = await server.usage()
      await ask(server, count)
      found[index]?.push(((await server.usage()).cpuMicros - before.cpuMicros) / count)
    }
  }
  return found
}

/** Request id, access log, CORS, compression and so on: what stands in front of an application that is served for real. */
async function measureLayers(binary: string, version: string): Promise<void> {
  const running = await Promise.all(
    ["none", "own", "stacked"].map((stack) => ServerProcess.startOn(binary, "layers", stack)),
  )
  try {
    const found = await costs(running, REQUESTS, ({ port }, requests) =>
      load(port, get("/?name=you"), requests, CONNECTIONS),
    )
    const none = found[0] as number[]
    const ratios = found.map((values) => median(values.map((value, round) => value / (none[round] as number))))
    console.log(`\nlayers: CPU µs/request of hello, medians of ${ROUNDS} rounds, Node ${version}\n`)
    const titles = ["no layers", "ten layers with nothing to do", "ten layers as people stack them"]
    table(
      ["hello in", "CPU µs/request", "to none"],
      titles.map((title, i) => [title, median(found[i] as number[]).toFixed(1), (ratios[i] as number).toFixed(2)]),
    )
    console.log()
    for (const i of [1, 2])
      target(`${titles[i]}: at most 1.4 of none (${(ratios[i] as number).toFixed(2)})`, (ratios[i] as number) <= 1.4)
  } finally {
    await Promise.all(running.map((server) => server.stop()))
  }
}

const TLS_SERVERS = ["bare", OWN, "fastify"]
const TLS_CASES: [title: string, protocol: string, ...flags: string[]][] = [
  ["HTTPS, hello", "https", "--h1", "/hello?name=you"],
  ["HTTPS, GET", "https", "--h1", "/links/17?page=2"],
  ["HTTPS, POST", "https", "--h1", "-d", "/links/"],
  ["HTTP/1.1 where HTTP/2 is spoken, hello", "http2", "--h1", "/hello?name=you"],
  ["HTTP/2, hello", "http2", "/hello?name=you"],
  ["HTTP/2, GET", "http2", "/links/17?page=2"],
  ["HTTP/2, POST", "http2", "-d", "/links/"],
]

async function measureTls(binary: string, version: string): Promise<void> {
  if (spawnSync("h2load", ["--version"]).error !== undefined) {
    console.log("\nh2load is not installed: nothing over TLS is measured")
    return
  }
  const body = join(folder, "body.json")
  writeFileSync(body, JSON_200)
  const rows: string[][] = []
  const verdicts: [string, boolean][] = []
  for (const protocol of ["https", "http2"]) {
    const running = await Promise.all(
      TLS_SERVERS.map((name) => ServerProcess.startOn(binary, `api-${name}`, file, protocol, folder)),
    )
    try {
      for (const [title, spoken, ...rest] of TLS_CASES) {
        if (spoken !== protocol) continue
        const path = rest.at(-1) as string
        const flags = rest
          .slice(0, -1)
          .flatMap((flag) => (flag === "-d" ? ["-d", body, "-H", "content-type: application/json"] : [flag]))
        const found = await costs(running, REQUESTS, ({ port }, requests) =>
          h2load([...flags, `https://127.0.0.1:${port}${path}`], requests),
        )
        rows.push(rowOf(title, found, TLS_SERVERS))
        for (const [peer, most] of [
          ["bare", 1.2],
          ["fastify", 1],
        ] as const) {
          const ratio = ratioTo(found, TLS_SERVERS, peer)
          verdicts.push([`${title}: at most ${most} of ${peer} (${ratio.toFixed(2)})`, ratio <= most])
        }
      }
    } finally {
      await Promise.all(running.map((server) => server.stop()))
    }
  }
  console.log(`\nover TLS: CPU µs/request, medians of ${ROUNDS} rounds, ${CONNECTIONS} connections, Node ${version}\n`)
  table(headings(TLS_SERVERS), rows)
  console.log()
  for (const [claim, met] of verdicts) target(claim, met)
}

async function h2load(flags: readonly string[], requests: number): Promise<void> {
  const all = ["-n", String(requests), "-c", String(CONNECTIONS), "-m", "1", ...flags]
  const child = spawn("h2load", all, { stdio: ["ignore", "pipe", "ignore"] })
  let text = ""
  child.stdout.on("data", (chunk) => {
    text += chunk
  })
  await once(child, "close")
  if (!text.includes(` ${requests} 2xx`)) throw new Error(`h2load ${all.join(" ")} failed:\n${text}`)
}

async function measureAllocation(binary: string, version: string): Promise<void> {
  const all = [OWN, "fastify"]
  const running = await Promise.all(all.map((name) => ServerProcess.startHoarding(binary, `api-${name}`, file)))
  try {
    const rows: string[][] = []
    const verdicts: [string, boolean][] = []
    for (const name of names) {
      const each = CASES[name] as Case
      const found: number[] = []
      for (const server of running) {
        await load(server.port, each.request, REQUESTS, CONNECTIONS)
        const samples: number[] = []
        for (let round = 0; round < 3; round++) {
          const before = await server.collect()
          await load(server.port, each.request, 500, CONNECTIONS)
          samples.push(((await server.usage()).held - before.held) / 500)
        }
        found.push(median(samples))
      }
      const [own = 0, fastify = 0] = found
      rows.push([each.title, ...found.map((bytes) => bytes.toFixed(0)), (own / fastify).toFixed(2)])
      verdicts.push([
        `${each.title}: allocates at most what Fastify does (${(own / fastify).toFixed(2)})`,
        own <= fastify,
      ])
    }
    console.log(`\nallocation: bytes/request, with the buffers that sockets are read into, Node ${version}\n`)
    table(["case", ...all, "to fastify"], rows)
    console.log()
    for (const [claim, met] of verdicts) target(claim, met)
  } finally {
    await Promise.all(running.map((server) => server.stop()))
  }
}

try {
  for (const major of (process.env["NODES"] ?? "20 24 26").split(" ")) {
    const binary = Number(major) === Number.parseInt(process.versions.node, 10) ? process.execPath : nodeBinary(major)
    if (binary === undefined) console.log(`Node ${major}: no package for this machine, skipped`)
    else {
      const version = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim()
      if (parts.includes("http")) await measure(binary, version)
      if (parts.includes("layers")) await measureLayers(binary, version)
      if (parts.includes("tls")) await measureTls(binary, version)
      if (parts.includes("allocation")) await measureAllocation(binary, version)
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
