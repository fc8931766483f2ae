// Folders that are gone after the test, and which descriptors this process has open in one.

import { randomUUID } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, onTestFinished } from "vitest"

/** A folder for one test, under its real path. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "werkstatt-test-")))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The path of a folder that is there while the tests of a file run, from its first `beforeAll` on. */
export function sharedFolder(): string {
  const folder = join(realpathSync(tmpdir()), `werkstatt-test-${randomUUID()}`)
  // Not here: where all tests of the file are skipped, nothing is called behind them.
  beforeAll(() => void mkdirSync(folder))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files, and the folders that they need. */
export async function writeTree(folder: string, tree: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

/** Files below `folder` that this process has open; nothing where the system does not tell. */
export function openFilesBelow(folder: string): string[] {
  const found: string[] = []
  for (const fd of process.platform === "linux" ? readdirSync("/proc/self/fd") : []) {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      if (path.startsWith(`${folder}/`)) found.push(path)
    } catch {
      // It was closed meanwhile.
    }
  }
  return found
}
