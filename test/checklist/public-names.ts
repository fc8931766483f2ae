// What the package offers, read from its source: every name that a door lists, where it is defined, its docstring, and its
// public members with theirs.

import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const src = new URL("../../src/", import.meta.url).pathname

export interface PublicName {
  name: string
  /** As it is imported: `werkstatt/http`. */
  door: string
  file: string
  /** The file that the door names; it may hand the name on. */
  listed: string
  /** Whether the door gives it as a type: there is no value of that name. */
  isType: boolean
  /** The first sentence of the docstring, to its full stop; empty when there is none. */
  summary: string
  members: { name: string; documented: boolean }[]
}

/** Files that are doors themselves, without an index. */
const SINGLE_DOORS = [
  "gateway.ts",
  "security.ts",
  "local.ts",
  "testapp.ts",
  "forms/busboy.ts",
  "adapters/net.ts",
  "adapters/node.ts",
  "adapters/connect.ts",
  "adapters/fetch.ts",
  "adapters/lambda.ts",
  "adapters/cgi.ts",
  "adapters/scgi.ts",
  "adapters/uwsgi.ts",
  "adapters/fastcgi.ts",
]

const read = (file: string) => readFileSync(join(src, file), "utf8")
const DECLARATION = "export (?:declare )?(?:abstract )?(?:async )?(?:class|function\\*?|const|let|interface|type|enum) "

function doorsOf(): [door: string, file: string, name: string, isType: boolean][] {
  const found: [string, string, string, boolean][] = []
  const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const indexes = folders
    .map(({ name }) => `${name}/index.ts`)
    .filter((file) => readdirSync(join(src, dirname(file))).includes("index.ts"))
  for (const index of indexes) found.push(...listedIn(index, `werkstatt/${dirname(index)}`))
  for (const file of SINGLE_DOORS) {
    found.push(...listedIn(file, `werkstatt/${file.slice(0, -".ts".length)}`))
    const names = [...read(file).matchAll(new RegExp(`^${DECLARATION}(\\w+)`, "gm"))].map((match) => match[1] as string)
    for (const name of names) found.push([`werkstatt/${file.slice(0, -".ts".length)}`, file, name, false])
  }
  return found
}

/** What a door lists of other files. */
function listedIn(file: string, door: string): [door: string, file: string, name: string, isType: boolean][] {
  const found: [string, string, string, boolean][] = []
  for (const [statement, list = "", from = ""] of read(file).matchAll(
    /export\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/g,
  )) {
    for (const item of list.split(",")) {
      const name = item.trim().replace(/^type\s+/, "")
      if (name === "") continue
      const [original = "", alias] = name.split(/\s+as\s+/)
      found.push([
        door,
        normalize(join(dirname(file), from)),
        alias ?? original,
        /^export\s+type\b/.test(statement) || item.trim().startsWith("type "),
      ])
    }
  }
  return found
}

function summaryOf(comment: string): string {
  const text = comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .replace(/^\s*\*\s?/gm, "")
    .trim()
  const first = text.split(/\n\s*\n|\n?@\w+/)[0] ?? ""
  return (/^[\s\S]*?\.(?=\s|$)/.exec(first)?.[0] ?? first).replace(/\s+/g, " ").trim()
}

/** The docstring that ends where `index` begins. */
function commentBefore(text: string, index: number): string {
  const before = text.slice(0, index).trimEnd()
  if (!before.endsWith("*/")) return ""
  return before.slice(before.lastIndexOf("/**"))
}

function bodyFrom(text: string, index: number): string {
  const end = text.indexOf("\n}\n", index)
  return text.slice(index, end === -1 ? text.length : end)
}

const MEMBER =
  /^ {2}(?:(?:public|static|readonly|override|abstract|async|declare|get|set|accessor) +)*\*?(\w+|"[^"]+"|\[Symbol\.\w+\])[?!]?(?:[(<:=;]| =)/

function membersOf(text: string, index: number): PublicName["members"] {
  const body = bodyFrom(text, index)
  const members = new Map<string, PublicName["members"][number]>()
  let offset = 0
  for (const line of body.split("\n")) {
    const match = MEMBER.exec(line)
    const name = match?.[1]
    if (name !== undefined && !/^ {2}(private|protected)\b/.test(line) && name !== "constructor") {
      const comment = commentBefore(body, offset)
      const known = members.get(name)
      const inherited = /^ {2}.*\boverride\b/.test(line) || name.startsWith("[")
      members.set(name, { name, documented: comment !== "" || inherited || known?.documented === true })
    }
    offset += line.length + 1
  }
  return [...members.values()]
}

/** The file that defines a name: a listed file may hand it on from another one. */
function definitionOf(file: string, name: string): { file: string; name: string } {
  for (const [, list = "", from = ""] of read(file).matchAll(/export\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/g)) {
    for (const item of list.split(",")) {
      const [original = "", alias = original] = item
        .trim()
        .replace(/^type\s+/, "")
        .split(/\s+as\s+/)
      if (alias === name) return definitionOf(normalize(join(dirname(file), from)), original)
    }
  }
  return { file, name }
}

/** Every public name, sorted by door and name. */
export function publicNames(): PublicName[] {
  const names = doorsOf().map(([door, listed, name, isType]): PublicName => {
    const { file, name: original } = definitionOf(listed, name)
    const text = read(file)
    const match = new RegExp(`^${DECLARATION}${original}\\b`, "m").exec(text)
    if (match === null) return { name, door, file, listed, isType, summary: "", members: [] }
    const comment = commentBefore(text, match.index)
    const kind = /(class|interface) $/.exec(match[0].slice(0, -original.length))?.[1]
    const members = kind === undefined ? [] : membersOf(text, match.index)
    // The fields of an interface say by their names and types what they are, where there is nothing more to say.
    if (kind === "interface") for (const member of members) member.documented = true
    return { name, door, file, listed, isType, summary: summaryOf(comment), members }
  })
  return names.sort((a, b) => a.door.localeCompare(b.door) || a.name.localeCompare(b.name))
}
