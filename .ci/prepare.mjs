// Installs what is missing and builds dist/, so that `npm start` and `npm test` are all the set-up there is.
// Runs before any dependency is there: Node and npm only.
//   --build       compile src/ into dist/ when it is older
//   --bench       install the peers of bench/ too
//   --docs        install what makes the site in docs/ too
//   --examples    install what examples/jsonapi needs too
//   --recipes     install what the recipes in docs/recipes/ use too
//   --installed   called by npm itself, after an install: do not install again

import { execSync } from "node:child_process"
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const flags = new Set(process.argv.slice(2))

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)
const run = (command, cwd = root) => execSync(command, { cwd, stdio: ["ignore", "inherit", "inherit"] })

function install(folder) {
  const done = modified(`${folder}/node_modules/.package-lock.json`)
  if (done >= modified(`${folder}/package-lock.json`) && done > 0) return
  run(existsSync(`${folder}/package-lock.json`) ? "npm ci --ignore-scripts" : "npm install --ignore-scripts", folder)
}

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { recursive: true }))
    latest = Math.max(latest, modified(`${folder}/${entry}`))
  return latest
}

if (!flags.has("--installed")) install(root)
// `npm start` begins with exec, so that no shell is between npm and the server: one that is interrupted along with its child
// ends with another code. Windows has no exec, and no such shell.
if (process.platform === "win32" && existsSync(`${root}node_modules/.bin`))
  writeFileSync(`${root}node_modules/.bin/exec.cmd`, "@%*\r\n")
if (flags.has("--bench")) install(`${root}bench`)
if (flags.has("--docs")) install(`${root}docs`)
if (flags.has("--examples")) install(`${root}examples/jsonapi`)
if (flags.has("--recipes")) install(`${root}docs/recipes`)
if (flags.has("--build") && existsSync(`${root}node_modules/typescript`)) {
  const stamp = `${root}dist/index.js`
  if (modified(stamp) < newest(`${root}src`)) run("npm run build --silent")
}
