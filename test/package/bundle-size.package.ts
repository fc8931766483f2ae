// How large a bundle is that imports from the built package, as for Workers: one file by esbuild, minified, with no stand-in for
// anything of Node. The sizes are those of the table in docs/runtimes.md. npm run test:package

import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const page = readFileSync(new URL("../../docs/runtimes.md", import.meta.url), "utf8")

const APPLICATIONS: Record<string, string> = {
  "an application of the bare interface": `
    import { toFetch } from "werkstatt/adapters/fetch"
    export default { fetch: toFetch((environ, start) => { start("204 No Content", []); return [] }) }`,
  "with `Response`": `
    import { toFetch } from "werkstatt/adapters/fetch"
    import { Response } from "werkstatt/wrappers"
    export default { fetch: toFetch(new Response("hello")) }`,
  "with `Request`, too": `
    import { toFetch } from "werkstatt/adapters/fetch"
    import { Request, Response } from "werkstatt/wrappers"
    export default { fetch: toFetch(Request.application((request) => new Response(request.path))) }`,
  "with routing, too": `
    import { toFetch } from "werkstatt/adapters/fetch"
    import { rule, RuleMap } from "werkstatt/routing"
    import { Request, Response } from "werkstatt/wrappers"
    const map = new RuleMap([rule("/", "index")])
    const view = (request) => new Response(map.bindToEnviron(request.environ).match().endpoint)
    export default { fetch: toFetch(Request.application(view)) }`,
}

/** The one file of an application, and what that imports. Fails where something is asked for that is no module of Node by its full name. */
async function bundleOf(contents: string): Promise<{ bytes: Uint8Array; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    // Not the paths to src/ that are there for types.
    tsconfigRaw: "{}",
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    write: false,
    metafile: true,
    logLevel: "silent",
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  return { bytes: outputFiles[0]?.contents as Uint8Array, imports: [...new Set(imports)].sort() }
}

test.each(Object.entries(APPLICATIONS))("%s: as large as the documentation says", async (name, contents) => {
  const { bytes, imports } = await bundleOf(contents)
  const kilobytes = [bytes.length, gzipSync(bytes).length].map((size) => size / 1000)
  console.log(`${name}: ${kilobytes.map((size) => size.toFixed(1)).join(" kB, compressed ")} kB`)
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`))
  const documented = row?.split("|").slice(2, 4).map(Number) as [number, number]
  for (const [index, size] of kilobytes.entries()) {
    expect(size).toBeLessThanOrEqual(documented[index] as number)
    expect(size).toBeGreaterThan((documented[index] as number) * 0.9)
  }
  expect(["node:async_hooks", "node:crypto"]).toEqual(expect.arrayContaining(imports))
})

test("what guesses media types and makes forms asks for no module of Node", async () => {
  const { imports } = await bundleOf(`
    import { FileMultiDict } from "werkstatt/datastructures"
    import { encodeMultipart } from "werkstatt/forms"
    console.log(encodeMultipart, FileMultiDict)`)
  expect(imports).toEqual([])
})
