// Makes the reference and the site: npm run docs
//   -- --base /folder/   the site's place on its host, when that is not /
//   -- --serve           serve it afterwards, until Ctrl+C
//   -- --pages           leave the reference as it is, to see a change of a page sooner

import { existsSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { build } from "vitepress"
import { makeServer } from "werkstatt"
import { apiFolder, makeReference } from "./reference.ts"
import { siteFolder, website } from "./website.ts"

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "/" },
    serve: { type: "boolean", default: false },
    pages: { type: "boolean", default: false },
  },
})

if (!values.pages || !existsSync(apiFolder)) await makeReference()
await build(join(import.meta.dirname), { base: values.base, outDir: siteFolder })
console.log(`The site is in ${siteFolder}`)
if (values.serve) {
  const server = await makeServer("localhost", 0, website(values.base))
  console.log(`Open ${server.url}${values.base}`)
  await server.serveForever()
}
