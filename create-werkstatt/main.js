#!/usr/bin/env node

// What `npm create werkstatt` runs: the command `werkstatt new` of the version that this package depends on.

import { readFileSync } from "node:fs"

const manifest = new URL(import.meta.resolve("werkstatt/package.json"))
const { bin } = JSON.parse(readFileSync(manifest, "utf8"))
process.argv.splice(2, 0, "new")
await import(new URL(bin.werkstatt, manifest).href)
