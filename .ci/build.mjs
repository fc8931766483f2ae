// Makes dist/: the code of each door as one file, with what several doors share in chunks, so that a door loads a few files
// and every class is there once; and the types, a file for each module that a door leads to.
//   npm run build

import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"
import { chunksOf } from "./chunks.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
/** Started by path (see src/own-files.ts), so they keep their names. */
const STARTED_BY_PATH = [
  "cli/main",
  "debug/inspection-thread",
  "serving/process-group/preload",
  "serving/reloader/module-hooks",
  "serving/reloader/preload",
]
const COMMON_JS = "serving/process-group/guard-thread"
/** Packages that become a part of dist/; what else is imported is a dependency. Of mime-db comes what mime-types makes of it. */
const TAKEN_IN = new Set(["acorn", "cookie", "mime-types"])
const LICENSES = [...TAKEN_IN, "mime-db"]

const { exports, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const doors = Object.values(exports).filter((door) => typeof door !== "string")
const nameOf = (file) => file.slice("./dist/".length, file.lastIndexOf("."))

/** Everything is made beside dist/ and takes its place at the end: who runs it meanwhile has the old one. */
const made = join(root, "dist.new")
rmSync(made, { recursive: true, force: true })

const shared = {
  platform: "neutral",
  resolve: { mainFields: ["module", "main"] },
  external: (id) => !id.startsWith(".") && !id.startsWith("/") && !TAKEN_IN.has(id),
  // Each of our modules does its part: what package.json says is for those who use this package.
  treeshake: { moduleSideEffects: (_id, isExternal) => !isExternal },
  transform: { target: "node20.19" },
}
const written = { dir: made, comments: { jsdoc: false, annotation: true, legal: true }, minify: false }

/** src/own-files.ts stands at the root of the sources, and one level lower in dist/. */
const ownFilesInChunks = {
  name: "own-files",
  transform: {
    filter: { id: /\/own-files\.ts$/ },
    handler(code) {
      const moved = code.replace('new URL("./", import.meta.url)', 'new URL("../", import.meta.url)')
      if (moved === code) throw new Error("src/own-files.ts no longer says where it stands")
      return moved
    },
  },
}

/** mime-types reads a database of 200 KB, of which a table of endings is needed, and makes the table anew at each start. */
const mediaTypes = {
  name: "media-types",
  resolveId: (id) => (id === "mime-types" ? "\0mime-types" : undefined),
  load(id) {
    if (id !== "\0mime-types") return undefined
    const { types } = createRequire(import.meta.url)("mime-types")
    const endingsOf = new Map()
    for (const [ending, type] of Object.entries(types)) endingsOf.set(type, [...(endingsOf.get(type) ?? []), ending])
    const lines = [...endingsOf].map(([type, endings]) => [type, ...endings].join(" "))
    return `export const types = Object.create(null)
for (const line of ${JSON.stringify(lines.join("\n"))}.split("\\n")) {
  const [type, ...endings] = line.split(" ")
  for (const ending of endings) types[ending] = type
}`
  },
}

const names = [...doors.map((door) => nameOf(door.default)), ...STARTED_BY_PATH]
const modules = await rolldown({
  ...shared,
  plugins: [ownFilesInChunks, mediaTypes],
  preserveEntrySignatures: "allow-extension",
  input: Object.fromEntries(names.map((name) => [name, join(root, `src/${name}.ts`)])),
})
const { output } = await modules.write({
  ...written,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  codeSplitting: { groups: chunksOf(join(root, "src"), names), includeDependenciesRecursively: false },
})
for (const chunk of output) {
  for (const id of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) {
    const isKnown = id.startsWith("node:") || id.endsWith(".js") || id in dependencies || id in peerDependencies
    if (!isKnown) throw new Error(`${chunk.fileName} imports ${id}, which no installation has`)
  }
}
const script = await rolldown({ ...shared, input: { [COMMON_JS]: join(root, `src/${COMMON_JS}.cts`) } })
await script.write({ ...written, format: "cjs", entryFileNames: "[name].cjs" })
for (const name of LICENSES) copyFileSync(join(root, `node_modules/${name}/LICENSE`), join(made, `${name}.LICENSE`))

const types = join(root, "dist.types")
rmSync(types, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "src", "--outDir", types], {
  cwd: root,
  stdio: "inherit",
})
const reached = new Set()
const follow = (file) => {
  if (reached.has(file)) return
  reached.add(file)
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g))
    follow(resolve(dirname(file), path.replace(/\.(c?)[jt]s$/, ".d.$1ts")))
}
for (const door of doors) follow(join(types, `${nameOf(door.types.replace(".d.ts", ".ts"))}.d.ts`))
for (const file of reached) {
  const target = join(made, file.slice(types.length))
  mkdirSync(dirname(target), { recursive: true })
  // They name the sources; published are modules.
  writeFileSync(target, readFileSync(file, "utf8").replace(/((?:from |import\()"\.[^"]+\.c?)ts"/g, '$1js"'))
}
rmSync(types, { recursive: true })

const dist = join(root, "dist")
rmSync(dist, { recursive: true, force: true })
renameSync(made, dist)
