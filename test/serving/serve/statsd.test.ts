// What a statsd server gets, over a socket of UDP.

import { createSocket, type Socket } from "node:dgram"
import { expect, onTestFinished, test } from "vitest"
import { datagrams, Statsd, statsdAddress } from "../../../src/serving/serve/statsd.ts"

async function listen(): Promise<{ socket: Socket; address: string; lines: string[] }> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1")
  onTestFinished(() => void socket.close())
  await new Promise((resolve) => socket.once("listening", resolve))
  const lines: string[] = []
  socket.on("message", (message) => lines.push(...message.toString().split("\n")))
  return { socket, address: `127.0.0.1:${socket.address().port}`, lines }
}

test("counts, gauges and durations go out together, and each once", async () => {
  const { address, lines } = await listen()
  const statsd = new Statsd(address, "shop.")
  statsd.request(200, 12.3456)
  statsd.request(200, 1)
  statsd.request(undefined, 2)
  statsd.count("none", 0)
  statsd.onFlush = () => statsd.gauge("workers", 2)
  await statsd.flush()
  const expected = [
    "shop.requests:3|c",
    "shop.request.status.200:2|c",
    "shop.request.status.none:1|c",
    "shop.workers:2|g",
    "shop.request.duration:12.346|ms",
    "shop.request.duration:1|ms",
    "shop.request.duration:2|ms",
  ]
  await expect.poll(() => lines).toEqual(expected)
  statsd.onFlush = () => {}
  await statsd.close()
  expect(lines).toEqual(expected)
})

test("of many durations a sample is told, with its rate", async () => {
  const { address, lines } = await listen()
  const statsd = new Statsd(address, "")
  for (let i = 0; i < 400; i++) statsd.request(200, i)
  await statsd.close()
  await expect.poll(() => lines.length).toBe(102)
  expect(lines.slice(0, 2)).toEqual(["requests:400|c", "request.status.200:400|c"])
  const durations = lines.slice(2)
  expect(durations.filter((line) => !/^request\.duration:\d+\|ms\|@0\.2500$/.test(line))).toEqual([])
  expect(new Set(durations).size).toBe(100)
})

test("no datagram is longer than a network takes", () => {
  const lines = Array.from({ length: 500 }, (_, index) => `a.long.name.of.a.metric.${index}:1|c`)
  const packed = datagrams(lines)
  expect(Math.max(...packed.map(({ length }) => length))).toBeLessThanOrEqual(1432)
  expect(packed.join("\n").split("\n")).toEqual(lines)
  expect(packed.length).toBeLessThan(20)
})

test("a server that is not there, or a name that is not known, does no harm", async () => {
  for (const address of ["127.0.0.1:9", "no-such-name.invalid:8125"]) {
    const statsd = new Statsd(address, "")
    statsd.count("a")
    await statsd.flush()
    statsd.count("a")
    await statsd.close()
  }
})

test.each(["", "localhost", "localhost:0", "localhost:65536", "::1:8125", "a b:1", "[::1]"])(
  "%j is no address",
  (text) => {
    expect(() => statsdAddress(text)).toThrow(/statsd takes HOST:PORT/)
  },
)
