import { expect, test } from "vitest"
import { formatRoutes, RuleMap, rule } from "../../src/routing/index.ts"

test("a map is printed as a table", () => {
  const map = new RuleMap([
    rule("/", "index", { methods: ["GET"] }),
    rule("/files/<path:name>", "file", { subdomain: "static", buildOnly: true }),
    rule("/live", function live() {}, { websocket: true }),
    rule("/old", "old", { redirectTo: "/" }),
  ])
  expect(formatRoutes(map)).toBe(`Methods    Rule                       Endpoint
---------  -------------------------  --------
GET, HEAD  /                          index
any        static./files/<path:name>  file (build only)
websocket  /live                      live
any        /old                       old (redirects to /)
`)
})
