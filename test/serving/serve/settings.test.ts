// The table of settings: what texts mean, what is refused, and that docs and flags say what the table says.

import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { bindAddress } from "../../../src/serving/serve/bind.ts"
import {
  flagName,
  optionName,
  readSetting,
  SETTINGS,
  SettingError,
  type SettingName,
  settingsTable,
  settingValues,
} from "../../../src/serving/serve/settings.ts"

describe("texts", () => {
  test.each<[SettingName, string, unknown]>([
    ["timeout", "30", 30_000],
    ["timeout", "0", 0],
    ["timeout", "250ms", 250],
    ["timeout", "0.5s", 500],
    ["timeout", "5m", 300_000],
    ["timeout", "2h", 7_200_000],
    ["maxAge", "1d", 86_400_000],
    ["maxMemory", "0", 0],
    ["maxMemory", "512M", 512 * 1024 ** 2],
    ["maxMemory", "1gb", 1024 ** 3],
    ["maxHead", "16k", 16_384],
    ["maxRequests", "1000", 1000],
    ["socketMode", "660", 0o660],
    ["umask", "027", 0o027],
    ["umask", "0o77", 0o77],
    ["http2", "yes", true],
    ["http2", "off", false],
    ["workers", "auto", "auto"],
  ])("%s %s is %s", (name, text, value) => {
    expect(readSetting(name, text)).toBe(value)
  })

  test.each<[SettingName, string]>([
    ["timeout", ""],
    ["timeout", "-1"],
    ["timeout", "1e3"],
    ["timeout", "1 s"],
    ["timeout", "30d"],
    ["timeout", "Infinity"],
    ["maxMemory", "1T"],
    ["maxMemory", "1.5M"],
    ["maxRequests", "1.5"],
    ["recycleJitter", "101"],
    ["maxFields", "0"],
    ["socketMode", "888"],
    ["socketMode", "1777"],
    ["http2", "perhaps"],
  ])("%s %j is none", (name, text) => {
    expect(() => readSetting(name, text)).toThrow(SettingError)
    expect(() => readSetting(name, text)).toThrow(flagName(name))
  })
})

test.each<[string, unknown]>([
  ["127.0.0.1:80", { kind: "tcp", host: "127.0.0.1", port: 80 }],
  ["localhost:80", { kind: "tcp", host: "127.0.0.1", port: 80 }],
  ["a.test:0", { kind: "tcp", host: "a.test", port: 0 }],
  [":80", { kind: "tcp", host: "::", port: 80 }],
  ["[::]:80", { kind: "tcp", host: "::", port: 80 }],
  ["unix:/a b.sock", { kind: "unix", path: "/a b.sock" }],
  ["unix:///a:1.sock", { kind: "unix", path: "/a:1.sock" }],
  ["fd://3", { kind: "fd", fd: 3 }],
])("bind %s", (text, address) => {
  expect(bindAddress(text)).toEqual(address)
})

test.each(["", "80", "a", "a:", "a:b", "a:65536", "::1:80", "[::1]", "unix:", "fd://", "fd://x", "http://a:80"])(
  "bind %j is none",
  (text) => {
    expect(() => bindAddress(text)).toThrow(SettingError)
  },
)

test("defaults are what the table says", () => {
  const values = settingValues({})
  expect(values).toMatchObject({ timeoutMs: 30_000, bind: ["127.0.0.1:8000"], workers: "1", http2: false, cert: [] })
  expect(values.accessLog).toBeUndefined()
  expect(settingValues({ workers: 3, timeoutMs: 1 })).toMatchObject({ workers: "3", timeoutMs: 1 })
})

test.each([
  [{ timeoutMs: -1 }, "timeout takes"],
  [{ timeoutMs: Number.NaN }, "timeout takes"],
  [{ timeoutMs: 2 ** 31 }, "timeout takes"],
  [{ http2: "yes" }, 'http2 is true or false, not "yes"'],
  [{ accessLog: true }, "accessLog is a text, not true"],
  [{ maxRequests: 0.5 }, "max-requests takes"],
])("a program's %j is refused", (options, message) => {
  expect(() => settingValues(options)).toThrow(message)
})

test("no two settings share a flag or an option, and each flag can be told from its variable", () => {
  const names = Object.keys(SETTINGS) as SettingName[]
  for (const nameOf of [flagName, optionName]) expect(new Set(names.map(nameOf)).size).toBe(names.length)
  for (const name of names) expect(flagName(name)).toMatch(/^[a-z]+[a-z0-9]*(?:-[a-z0-9]+)*$/)
})

test("the table in docs/deploying.md is up to date", () => {
  const text = readFileSync(new URL("../../../docs/deploying.md", import.meta.url), "utf8")
  expect(text, "write settingsTable() between the lines").toContain(`\n${settingsTable()}\n`)
})
