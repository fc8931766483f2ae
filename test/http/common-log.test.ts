import { describe, expect, test } from "vitest"
import { commonLogLine, escapeLogField, localLogTime, zonedLogTime } from "../../src/http/common-log.ts"
import { formatCombined, formatCommon } from "../../src/middleware/access-log.ts"
import { accessLine } from "../../src/serving/access-log.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"

const time = new Date(2015, 10, 4, 18, 44, 6)
const environ = createEnviron("/AA", { environBase: { REMOTE_ADDR: "127.0.0.1" } })
const entry = {
  time,
  address: "127.0.0.1",
  user: undefined,
  method: "GET",
  target: "/AA",
  protocol: "HTTP/1.1",
  status: 200,
  durationMs: 1,
  referer: undefined,
  userAgent: undefined,
  requestId: undefined,
  complete: true,
}

test("times are those of their second, in any order of calls", () => {
  const seconds = [0, 999, 1000, 0, -1, 86_400_000].map((ms) => zonedLogTime(new Date(ms)).slice(0, 20))
  const [first, next, eve] = ["01/Jan/1970:00:00:00", "01/Jan/1970:00:00:01", "31/Dec/1969:23:59:59"]
  expect(seconds).toEqual([first, first, next, first, eve, "02/Jan/1970:00:00:00"])
  const locals = [6, 7, 6].map((second) => localLogTime(new Date(2015, 10, 4, 18, 44, second)).slice(-2))
  expect(locals).toEqual(["06", "07", "06"])
})

describe("the server's line and that of accessLog", () => {
  test.each([0, 7, 1e12])("tell %d bytes in the same way", (bytes) => {
    const line = accessLine({ environ, code: 200, bytes } as Parameters<typeof accessLine>[0], time)
    expect(line).toBe(`127.0.0.1 - - [04/Nov/2015 18:44:06] "GET /AA HTTP/1.1" 200 ${bytes}`)
    const common = formatCommon({ ...entry, bytes })
    expect(common).toBe(line.replace(localLogTime(time), zonedLogTime(time)))
    expect(formatCombined({ ...entry, bytes })).toBe(`${common} "-" "-"`)
  })

  test.each(['"', "\\", "\n", "\u001b[2J", "\u009b", '\\"'])("escape %j in the same way", (text) => {
    const evil = { ...environ, REQUEST_URI: `/${text}` }
    const line = accessLine({ environ: evil, code: 200, bytes: 0 } as Parameters<typeof accessLine>[0], time)
    expect(line).toContain(`"GET /${escapeLogField(text)} HTTP/1.1" 200 0`)
    expect(formatCommon({ ...entry, target: `/${text}`, bytes: 0 })).toContain(
      `"GET /${escapeLogField(text)} HTTP/1.1" 200 0`,
    )
  })
})

test("what is not known is a dash, and a user is one word", () => {
  expect(
    commonLogLine({
      address: undefined,
      user: 'a "b\n',
      time: "now",
      request: "GET / HTTP/1.1",
      status: undefined,
      bytes: 0,
    }),
  ).toBe('- - a\\x20\\"b\\x0a [now] "GET / HTTP/1.1" - 0')
  expect(commonLogLine({ address: "::1", user: "", time: "now", request: "", status: 200, bytes: 1 })).toBe(
    '::1 - - [now] "" 200 1',
  )
})
