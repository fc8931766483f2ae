// What applications do most, on each framework in its own best usual way: CPU time of the server process for each request, as
// the operating system counts it. Rounds take turns, and only ratios within a round are compared.
//
//   CASES="get post" PEERS="fastify hono" NODES="26" ROUNDS=9 npm run bench -- api

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { nodeBinary } from "../.ci/node-binary.mjs"
import { load, median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 11)
const REQUESTS = Number(process.env["REQUESTS"] ?? 3000)
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

const names = (process.env["CASES"] ?? Object.keys(CASES).join(" ")).split(" ")
const servers = ["bare", OWN, ...(process.env["PEERS"] ?? "fastify hono").split(" ").filter(Boolean)]

const folder = mkdtempSync(join(tmpdir(), "werkstatt-bench-"))
const file = join(folder, "file.txt")
writeFileSync(file, "4 KiB of text.\n".repeat(280).slice(0, 4096))
try {
  for (const major of (process.env["NODES"] ?? "20 24 26").split(" ")) {
    const binary = Number(major) === Number.parseInt(process.versions.node, 10) ? process.execPath : nodeBinary(major)
    if (binary === undefined) console.log(`Node ${major}: no package for this machine, skipped`)
    else await measure(binary)
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(binary: string): Promise<void> {
  const version = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim()
  const running = await Promise.all(servers.map((name) => ServerProcess.startOn(binary, `api-${name}`, file)))
  try {
    console.log(`\napi: CPU µs/request, medians of ${ROUNDS} rounds, ${CONNECTIONS} connections, Node ${version}\n`)
    const rows: string[][] = []
    const verdicts: [string, boolean][] = []
    for (const name of names) {
      const each = CASES[name] as Case
      const found = await costs(running, each)
      const own = found[servers.indexOf(OWN)] as number[]
      const ratio = (peer: string) =>
        median(own.map((value, round) => value / (found[servers.indexOf(peer)]?.[round] as number)))
      rows.push([
        each.title,
        ...found.map((values) => median(values).toFixed(1)),
        ...servers.filter((s) => s !== OWN).map((peer) => ratio(peer).toFixed(2)),
      ])
      for (const peer of servers) {
        const most = peer === "bare" ? each.mostOfBare : peer === OWN ? undefined : each.most
        if (most !== undefined)
          verdicts.push([`${each.title}: at most ${most} of ${peer} (${ratio(peer).toFixed(2)})`, ratio(peer) <= most])
      }
    }
    table(["case", ...servers, ...servers.filter((s) => s !== OWN).map((peer) => `to ${peer}`)], rows)
    console.log()
    for (const [claim, met] of verdicts) target(claim, met)
  } finally {
    await Promise.all(running.map((server) => server.stop()))
  }
}

/** CPU microseconds for each request: of each server, round by round. */
async function costs(running: readonly ServerProcess[], { request: text, part = 1 }: Case): Promise<number[][]> {
  const count = Math.ceil(REQUESTS * part)
  for (const { port } of running) await load(port, text, count * 2, CONNECTIONS)
  const found: number[][] = running.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, server] of running.entries()) {
      const before = await server.usage()
      await load(server.port, text, count, CONNECTIONS)
      found[index]?.push(((await server.usage()).cpuMicros - before.cpuMicros) / count)
    }
  }
  return found
}
