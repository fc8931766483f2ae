// What Prometheus reads: sums over workers that only ever grow.

import { expect, test } from "vitest"
import { Recorder, Totals } from "../../../src/serving/serve/metrics.ts"

const master = { workers: 2, ready: 1, restarts: 3, startedAt: new Date(1000), residentBytes: 5 }
const value = (text: string, name: string) =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  )

test("requests are added up over workers, those that have ended included", () => {
  const totals = new Totals()
  for (const pid of [1, 2]) {
    const recorder = new Recorder()
    recorder.add(200, 10, 3)
    recorder.add(200, 10, 30)
    recorder.add(undefined, 0, 20_000)
    totals.set(pid, recorder.counts(4, 7))
  }
  const before = totals.text(master)
  totals.end(1)
  totals.end(1)
  const after = totals.text(master)
  for (const text of [before, after]) {
    expect(value(text, 'werkstatt_requests_total{code="200"}')).toBe(4)
    expect(value(text, 'werkstatt_requests_total{code="-"}')).toBe(2)
    expect(value(text, 'werkstatt_request_duration_seconds_bucket{le="0.005"}')).toBe(2)
    expect(value(text, 'werkstatt_request_duration_seconds_bucket{le="0.05"}')).toBe(4)
    expect(value(text, 'werkstatt_request_duration_seconds_bucket{le="10"}')).toBe(4)
    expect(value(text, 'werkstatt_request_duration_seconds_bucket{le="+Inf"}')).toBe(6)
    expect(value(text, "werkstatt_request_duration_seconds_count")).toBe(6)
    expect(value(text, "werkstatt_request_duration_seconds_sum")).toBeCloseTo(40.066)
    expect(value(text, "werkstatt_response_bytes_total")).toBe(40)
  }
  expect([value(before, "werkstatt_requests_in_flight"), value(after, "werkstatt_requests_in_flight")]).toEqual([8, 4])
  expect([value(before, "werkstatt_connections"), value(after, "werkstatt_connections")]).toEqual([14, 7])
})

test("every line is a comment or a sample, every sample has its type", () => {
  const lines = new Totals().text(master).trimEnd().split("\n")
  const types = new Set(lines.flatMap((line) => /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line)?.[1] ?? []))
  for (const line of lines) {
    if (line.startsWith("#")) continue
    const name = /^([a-z_]+)(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? -?[\d.e+-]+$/.exec(line)?.[1]
    expect(types.has((name ?? line).replace(/_(?:bucket|sum|count)$/, "")) || types.has(name ?? line), line).toBe(true)
  }
})
