// The conformance table over CGI: a process for each row, so npm run test:gateways.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { beforeAll, describe, expect, test } from "vitest"
import { conformance, differences } from "../../src/testing/conformance.ts"
import type { ConformanceCase, ConformanceRequest } from "../../src/testing/conformance-case.ts"
import { sharedFolder } from "../support/files.ts"
import { frontVariables, parseGatewayResponse } from "../support/front-server.ts"

const folder = sharedFolder()
const script = join(folder, "conformance.mjs")
const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)))

beforeAll(async () => {
  await build({
    stdin: {
      contents: `import { runCgi } from ${source("adapters/cgi.ts")}
import { conformance } from ${source("testing/conformance.ts")}
await runCgi(conformance[Number(process.argv[2])][1])`,
      resolveDir: folder,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire("/")` },
    outfile: script,
    logLevel: "error",
  })
})

/** A variable as a shell sets it, byte for byte: Node's own way would make UTF-8 of it. */
function exported(name: string, value: string): string {
  const octal = Array.from(Buffer.from(value, "latin1"), (byte) => `\\0${byte.toString(8).padStart(3, "0")}`)
  return `export ${name}="$(printf '%b' '${octal.join("")}')"`
}

async function ask(index: number, request: ConformanceRequest) {
  const isChunked = Array.isArray(request.body)
  const variables = new Map<string, string>([["GATEWAY_INTERFACE", "CGI/1.1"]])
  for (const [name, value] of frontVariables(request)) {
    const before = variables.get(name)
    // An environment has a name once.
    variables.set(
      name,
      before?.length && name.startsWith("HTTP_") ? `${before}${name === "HTTP_COOKIE" ? "; " : ", "}${value}` : value,
    )
  }
  if (isChunked) {
    for (const name of ["CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"]) variables.delete(name)
    variables.set("HTTP_TRANSFER_ENCODING", "chunked")
  }
  const lines = [...variables].map(([name, value]) => exported(name, value))
  const child = spawn("/bin/sh", ["-c", `${lines.join("\n")}\nexec "$0" "$@"`, process.execPath, script, String(index)])
  const body = Buffer.from(isChunked ? (request.body as string[]).join("") : ((request.body as string) ?? ""), "latin1")
  child.stdin.on("error", () => {})
  child.stdin.end(body)
  let output = ""
  let errors = ""
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("latin1")
  })
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString()
  })
  await once(child, "close")
  return { ...parseGatewayResponse(output, request.method), errors }
}

/** A script has no way to show that its response is not complete, unless it has told its length. */
function isSeen([, , , { fails, headers }]: ConformanceCase): boolean {
  return fails !== "after the head" || headers?.["content-length"] !== undefined
}

describe.skipIf(process.platform === "win32")("CGI", () => {
  for (const [index, row] of conformance.entries()) {
    const [name, , request, expected] = row
    test.runIf(isSeen(row))(name, async () => {
      const answer = await ask(index, request)
      expect(differences(expected, answer)).toEqual([])
      expect(answer.complete).toBe(expected.fails !== "after the head")
      const isToBeLogged = expected.fails !== undefined || expected.body === "hell"
      expect(answer.errors !== "").toBe(isToBeLogged)
    })
  }
})
