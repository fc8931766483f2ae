// Python's side of the tokens: those that were recorded, and those of an interpreter that is there.

import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { SignerOptions } from "../../src/signing/signer.ts"

export type Kind = "signer" | "timestamp" | "urlSafe" | "urlSafeTimed" | "flask"
type Vector<Value> = [secret: string, options: SignerOptions, value: Value, token: string]

export interface Vectors {
  /** Seconds since 1970 at which the tokens were made. */
  now: number
  signer: Vector<string>[]
  timestamp: Vector<string>[]
  urlSafe: Vector<unknown>[]
  urlSafeTimed: Vector<unknown>[]
  /** Dates, bytes and markup as objects of one key. */
  flask: [secret: string, value: Record<string, unknown>, token: string][]
}

const program = fileURLToPath(new URL("python-tokens.py", import.meta.url))

/** Recorded with Debian's python3-itsdangerous and python3-flask. */
export const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")) as Vectors

/** Interpreters that have both packages. */
export const pythons = ["/usr/bin/python3", "python3"].filter(
  (python) => spawnSync(python, ["-c", "import flask, itsdangerous"]).status === 0,
)
if (pythons.length === 0) console.warn("python3-flask is not installed: the tests with a live Python are skipped")

/** What this Python makes, in the shape of the recorded ones. */
export function recordWith(python: string): Vectors {
  return JSON.parse(execFileSync(python, [program, "record"], { encoding: "utf8", maxBuffer: 1e8 })) as Vectors
}

export type Token = [kind: Kind, secret: string, options: SignerOptions, token: string]

/** What this Python reads in tokens, with its clock at `vectors.now`. */
export function readWith(python: string, tokens: Token[]): { value?: unknown; error?: string }[] {
  return JSON.parse(
    execFileSync(python, [program, "read"], { input: JSON.stringify(tokens), encoding: "utf8", maxBuffer: 1e8 }),
  ) as { value?: unknown; error?: string }[]
}
