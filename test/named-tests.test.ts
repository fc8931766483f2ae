// Pages that name the tests behind their claims name tests that are there.

import { existsSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"

const root = new URL("../", import.meta.url)

test.each(["README.md", "SECURITY.md", "docs/architecture.md"])("%s", (page) => {
  const text = readFileSync(new URL(page, root), "utf8")
  const named = [...text.matchAll(/`(test\/[^`*]+)`/g)].map(([, path]) => path as string)
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  if (page === "SECURITY.md") {
    const promises = text.split("\n").filter((line) => /^\| [A-Z]/.test(line))
    expect(promises.length).toBeGreaterThan(10)
    for (const promise of promises) expect(promise).toMatch(/\| .*`test\//)
  }
})
