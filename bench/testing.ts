// Requests through the test client, against what others test their applications with: the same hello route behind each one's
// own router. Runs the built package, as users do. Ours runs inside the linter, and once without.

import express from "express"
import fastify from "fastify"
import { Hono } from "hono"
import inject from "light-my-request"
import supertest from "supertest"
import { RuleMap, rule } from "../dist/routing/index.js"
import { Client } from "../dist/testing/index.js"
import { Request, Response } from "../dist/wrappers/index.js"
import { median, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 15)
const REQUESTS = Number(process.env["REQUESTS"] ?? 3000)

const urls = new RuleMap([rule("/hello", "hello")])
const application = Request.application((request) => {
  urls.bindToEnviron(request.environ).match()
  return new Response("Hello World!")
})
const client = new Client(application)
const unlinted = new Client(application, { lint: false })

const hono = new Hono()
hono.get("/hello", (context) => context.text("Hello World!"))

const fast = fastify()
fast.get("/hello", async () => "Hello World!")
await fast.ready()

const listener = (_request: unknown, response: { end(text: string): void }) => response.end("Hello World!")

const expressApp = express()
expressApp.get("/hello", (_request, response) => response.send("Hello World!"))
const agent = supertest(expressApp)

interface Runner {
  name: string
  ask: () => Promise<string>
  /** How many requests make a round; supertest opens a port for each. */
  share: number
}
const runners: Runner[] = [
  { name: "werkstatt Client, linted", share: 1, ask: async () => (await client.get("/hello")).text() },
  { name: "werkstatt Client", share: 1, ask: async () => (await unlinted.get("/hello")).text() },
  { name: "Hono app.request", share: 1, ask: async () => (await hono.request("/hello")).text() },
  { name: "Fastify inject", share: 1, ask: async () => (await fast.inject("/hello")).payload },
  {
    name: "light-my-request, no framework",
    share: 1,
    ask: async () => (await inject(listener as never, "/hello")).payload,
  },
  { name: "supertest with Express", share: 0.01, ask: async () => (await agent.get("/hello")).text },
]

const times = new Map<string, number[]>(runners.map(({ name }) => [name, []]))
for (let round = -5; round < ROUNDS; round++) {
  for (const { name, ask, share } of runners) {
    const count = Math.ceil(REQUESTS * share)
    const began = performance.now()
    for (let index = 0; index < count; index++) {
      if ((await ask()) !== "Hello World!") throw new Error(`${name} gives another answer`)
    }
    // The first rounds warm up.
    if (round >= 0) times.get(name)?.push(((performance.now() - began) * 1000) / count)
  }
}

const cost = (name: string) => median(times.get(name) as number[])
const own = runners[0]?.name as string
console.log(`testing: ${ROUNDS} rounds of ${REQUESTS} requests, Node ${process.versions.node}\n`)
table(
  ["client", "requests/s", "µs/request", "to ours"],
  runners.map(({ name }) => [
    name,
    (1e6 / cost(name)).toFixed(0),
    cost(name).toFixed(1),
    median((times.get(name) as number[]).map((time, i) => time / ((times.get(own) as number[])[i] as number))).toFixed(
      2,
    ),
  ]),
)
console.log()
for (const { name } of runners.slice(2)) {
  target(
    `more requests than ${name}, inside the linter (${(cost(name) / cost(own)).toFixed(2)} times)`,
    cost(own) < cost(name),
  )
}
