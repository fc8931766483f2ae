// Logs that several processes write to.

import { readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { LogFile } from "../../../src/serving/serve/log-file.ts"
import { temporaryFolder } from "../../support/files.ts"

const file = () => join(temporaryFolder(), "a.log")

test("lines of several writers are whole", () => {
  const path = file()
  const logs = [new LogFile(path), new LogFile(path), new LogFile(path)]
  for (let i = 0; i < 3000; i++) for (const [who, log] of logs.entries()) log.add(`${who} ${i} ${"é".repeat(i % 90)}.`)
  for (const log of logs) log.close()
  const lines = readFileSync(path, "utf8").trimEnd().split("\n")
  expect(lines).toHaveLength(9000)
  expect(lines.filter((line) => !/^[012] \d+ é*\.$/.test(line))).toEqual([])
  for (const who of ["0", "1", "2"])
    expect(lines.filter((line) => line.startsWith(who)).map((line) => Number(line.split(" ")[1]))).toEqual(
      Array.from({ length: 3000 }, (_, i) => i),
    )
})

test("little is written soon, without being asked for", async () => {
  const path = file()
  const log = new LogFile(path)
  log.add("one")
  expect(readFileSync(path, "utf8")).toBe("")
  await expect.poll(() => readFileSync(path, "utf8")).toBe("one\n")
  log.close()
})

test("opened anew it goes on in a new file, and what waited is in the old one", () => {
  const path = file()
  const log = new LogFile(path)
  log.add("old")
  renameSync(path, `${path}.1`)
  log.reopen()
  log.add("new")
  log.close()
  expect([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")]).toEqual(["old\n", "new\n"])
})

test("a folder that is not there is an error at once", () => {
  expect(() => new LogFile("/no/such/folder/a.log")).toThrow(
    /The log \/no\/such\/folder\/a\.log cannot be written \(ENOENT\)/,
  )
})
