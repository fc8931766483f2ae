// The conformance table over SCGI, uwsgi and FastCGI, on TCP and on unix sockets. CGI has a process for each request:
// test/adapters/cgi.gateways.ts.

import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createFastCgiServer } from "../../../src/adapters/fastcgi.ts"
import { createScgiServer } from "../../../src/adapters/scgi.ts"
import { createUwsgiServer } from "../../../src/adapters/uwsgi.ts"
import type { Application } from "../../../src/gateway.ts"
import { conformance, differences, takeNotes } from "../../../src/testing/conformance.ts"
import type { ConformanceCase } from "../../../src/testing/conformance-case.ts"
import { sharedFolder } from "../../support/files.ts"
import { askGateway, type GatewayName } from "../../support/front-server.ts"
import { sleep } from "../../support/server.ts"

let current: Application = () => []
const app: Application = (environ, startResponse) => current(environ, startResponse)
const logged: string[] = []
const errors = { write: (text: string) => void logged.push(text), writeLines() {}, flush() {} }

const MAKERS = { scgi: createScgiServer, uwsgi: createUwsgiServer, fastcgi: createFastCgiServer }
const folder = sharedFolder()

/** The front server takes chunks apart, and tells the sum. */
function isExpressible([name]: ConformanceCase): boolean {
  return name !== "a chunked body has no length"
}

/** On a unix socket an end looks the same whether it was meant or not; only FastCGI says its end. */
function isSeen([, , , { fails, headers }]: ConformanceCase): boolean {
  return fails !== "after the head" || headers?.["content-length"] !== undefined
}

describe.each(["scgi", "uwsgi", "fastcgi"] as const)("%s", (protocol: GatewayName) => {
  const servers = [MAKERS[protocol](app, { errors }), MAKERS[protocol](app, { errors })] as const
  let port = 0
  const path = join(folder, `${protocol}.sock`)
  beforeAll(async () => {
    servers[0].server.listen(0, "127.0.0.1")
    servers[1].server.listen(path)
    await Promise.all(servers.map(({ server }) => once(server, "listening")))
    port = (servers[0].server.address() as AddressInfo).port
  })
  afterAll(() => {
    for (const { destroy } of servers) destroy()
  })

  const cases = conformance.filter(isExpressible)
  describe.each([
    ["TCP", cases],
    ["a unix socket", protocol === "fastcgi" ? cases : cases.filter(isSeen)],
  ] as const)("over %s", (over, rows) => {
    for (const [name, application, request, expected] of rows) {
      test(name, async () => {
        current = application
        logged.length = 0
        takeNotes(application)
        const answer = await askGateway(protocol, over === "TCP" ? port : path, request)
        expect(differences(expected, answer)).toEqual([])
        expect(answer.complete).toBe(expected.fails !== "after the head")
        const isToBeLogged = expected.fails !== undefined || expected.body === "hell"
        expect(logged.filter((text) => text !== "")).toEqual(isToBeLogged ? [expect.any(String)] : [])
        if (expected.notes === undefined) return
        const notes: string[] = []
        for (let tries = 0; tries < 100 && notes.length < expected.notes.length; tries++) {
          notes.push(...takeNotes(application))
          await sleep(5)
        }
        expect(notes).toEqual(expected.notes)
      })
    }
  })
})
