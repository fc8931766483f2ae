// How long a program waits for `import "werkstatt"` and for each door, beside Hono, h3, Koa, Fastify and Express: medians over
// bare Node, of processes that are started in turn. Wall time and, since other programs may run, the processor's time.
//   npm run bench -- import

import { spawnSync } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { median } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 15)
const here = (path: string) => pathToFileURL(fileURLToPath(new URL(path, import.meta.url))).href

/** What is imported, and the most milliseconds over bare Node that are wanted. */
const CASES: readonly [name: string, code: string, targetMs?: number][] = [
  ["bare Node", ""],
  ["werkstatt", `import ${JSON.stringify(here("../dist/index.js"))}`, 20],
  ["werkstatt/wrappers", `import ${JSON.stringify(here("../dist/wrappers/index.js"))}`, 15],
  ["werkstatt/routing", `import ${JSON.stringify(here("../dist/routing/index.js"))}`, 10],
  ["werkstatt/middleware", `import ${JSON.stringify(here("../dist/middleware/index.js"))}`, 15],
  ["werkstatt/adapters/node", `import ${JSON.stringify(here("../dist/adapters/node.js"))}`, 20],
  ["werkstatt/serving", `import ${JSON.stringify(here("../dist/serving/index.js"))}`, 35],
  ["hono with its server", 'import "hono"; import "@hono/node-server"'],
  ["h3", 'import "h3"; import "h3/node"'],
  ["koa", 'import "koa"'],
  ["fastify", 'import "fastify"'],
  ["express", 'import "express"'],
]
const COMMAND = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url))
const HELP_TARGET_MS = 40

interface Start {
  wallMs: number
  cpuMs: number
}

const TOLD =
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error((user + system) / 1000) })"

function start(args: readonly string[]): Start {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
  })
  const wallMs = performance.now() - began
  if (status !== 0) throw new Error(stderr)
  return { wallMs, cpuMs: Number(stderr.trim().split("\n").at(-1)) }
}

const importing = (code: string) => ["--input-type=module", "-e", `${code};${TOLD}`]
const programs = [
  ...CASES.map(([name, code, targetMs]) => ({ name, args: importing(code), targetMs })),
  {
    name: "werkstatt --help",
    args: ["--import", `data:text/javascript,${encodeURIComponent(TOLD)}`, COMMAND, "--help"],
    targetMs: HELP_TARGET_MS,
  },
]

const starts = programs.map((): Start[] => [])
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, { args }] of programs.entries()) starts[index]?.push(start(args))
}
const middle = (list: readonly Start[], of: keyof Start) => median(list.map((each) => each[of]))
const bare = { wallMs: middle(starts[0] as Start[], "wallMs"), cpuMs: middle(starts[0] as Start[], "cpuMs") }
console.log(
  `medians of ${ROUNDS}, in milliseconds over bare Node (${bare.wallMs.toFixed(0)} wall, ${bare.cpuMs.toFixed(0)} processor)\n`,
)
console.log(`${"".padEnd(26)}${"wall".padStart(8)}${"processor".padStart(12)}${"wanted".padStart(10)}`)
for (const [index, { name, targetMs }] of programs.entries()) {
  if (index === 0) continue
  const list = starts[index] as Start[]
  const wall = (middle(list, "wallMs") - bare.wallMs).toFixed(1)
  const cpu = (middle(list, "cpuMs") - bare.cpuMs).toFixed(1)
  console.log(
    `${name.padEnd(26)}${wall.padStart(8)}${cpu.padStart(12)}${(targetMs === undefined ? "" : `${targetMs}`).padStart(10)}`,
  )
}
