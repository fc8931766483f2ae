// werkstatt new: a project to begin with. Its files are in templates/, as they are to be, but for their names where npm would
// not publish them.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ownFolder } from "../own-files.ts"
import { type OptionTable, optionLines, parseOptions, UsageError } from "./options.ts"

const OPTIONS = {
  full: { kind: "flag", help: "pages, forms, sessions, error pages and static files, in place of one view" },
  javascript: { kind: "flag", short: "j", help: "JavaScript; TypeScript unless given" },
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt new --help` says. */
export const NEW_USAGE: string = `Usage: werkstatt new FOLDER [options]

Makes a project with an application, a test and a Dockerfile.

  FOLDER      where; made if it is not there, and else empty

${optionLines(OPTIONS)}

  werkstatt new shop --full
  npm create werkstatt shop -- --full`

interface Manifest {
  version: string
  devDependencies: Record<string, string>
}

/** Makes the files, and says what to do next. */
export async function newProject(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseOptions(argv, OPTIONS, {})
  if (values.help) {
    process.stdout.write(`${NEW_USAGE}\n`)
    return
  }
  const [folder, ...rest] = positionals
  if (folder === undefined)
    throw new UsageError("Which folder? Write: npm create werkstatt FOLDER, or werkstatt new FOLDER")
  if (rest.length > 0) throw new UsageError(`One folder at a time; what is "${rest[0]}"?`)
  const path = resolve(folder)
  if (existsSync(path) && readdirSync(path).length > 0) throw new UsageError(`There is something in ${folder} already`)
  mkdirSync(path, { recursive: true })
  makeFiles(path, values.full === true, values.javascript === true)
  process.stdout.write(`Made ${folder}. Next:

  cd ${folder}
  npm install
  npm run dev
`)
}

function makeFiles(path: string, isFull: boolean, isJavascript: boolean): void {
  const templates = new URL("../templates/", ownFolder)
  const copy = (name: string) => cpSync(fileURLToPath(new URL(name, templates)), path, { recursive: true })
  copy("common")
  copy(isFull ? "full" : "minimal")
  const edit = (name: string, change: (text: string) => string) => {
    const file = join(path, name)
    writeFileSync(file, change(readFileSync(file, "utf8")))
  }
  for (const name of ["gitignore", "dockerignore"]) renameSync(join(path, `_${name}`), join(path, `.${name}`))
  const name = packageName(basename(path))
  edit("README.md", (text) => text.replaceAll("NAME", name))
  if (isJavascript) {
    rmSync(join(path, "tsconfig.json"))
    edit("Dockerfile", (text) => text.replace("app.ts", "app.js"))
    // Most files are written so that they are JavaScript as well; those that have types stand there without them.
    for (const typed of readdirSync(path).filter((each) => each.endsWith(".ts"))) {
      edit(typed, (text) => text.replaceAll(`.ts"`, `.js"`))
      renameSync(join(path, typed), join(path, typed.replace(/\.ts$/, ".js")))
    }
    if (isFull) copy("full-javascript")
  }
  writeFileSync(join(path, "package.json"), `${JSON.stringify(manifestOf(name, isJavascript), undefined, 2)}\n`)
}

/** A name that npm takes, out of that of a folder. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "")
  return name === "" ? "app" : name
}

function manifestOf(name: string, isJavascript: boolean): object {
  const { version, devDependencies } = JSON.parse(
    readFileSync(new URL("../package.json", ownFolder), "utf8"),
  ) as Manifest
  const file = isJavascript ? "app.js" : "app.ts"
  const tools = isJavascript ? ["chokidar"] : ["@types/node", "chokidar", "tsx", "typescript"]
  return {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    scripts: {
      dev: `werkstatt run ${file} --reload --debug`,
      start: `werkstatt serve ${file}`,
      test: isJavascript ? "node --test" : "tsc && node --import tsx --test app.test.ts",
    },
    dependencies: { werkstatt: `^${version}` },
    devDependencies: Object.fromEntries(tools.map((tool) => [tool, devDependencies[tool]])),
  }
}
