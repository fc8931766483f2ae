import { expect, test } from "vitest"
import { UserAgent } from "../../src/datastructures/user-agent.ts"

test("holds the header and guesses nothing", () => {
  const agent = UserAgent.fromHeader("Mozilla/5.0 (X11; Linux x86_64)")
  expect([agent.string, agent.toHeader(), String(agent)]).toEqual(Array(3).fill("Mozilla/5.0 (X11; Linux x86_64)"))
  expect([agent.browser, agent.platform, agent.version, agent.language]).toEqual(Array(4).fill(undefined))
  for (const text of [undefined, "a\r\nb", "\u20ac"]) expect(UserAgent.fromHeader(text).string).toBe("")
})

test("a subclass fills the fields in", () => {
  class Known extends UserAgent {
    override readonly browser = this.string.startsWith("curl/") ? "curl" : undefined
  }
  expect(new Known("curl/8.5.0").browser).toBe("curl")
})
