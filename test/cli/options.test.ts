import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { ENV_FILE, optionLines, parseOptions, UsageError, wholeNumber } from "../../src/cli/options.ts"
import { sharedFolder } from "../support/files.ts"

const TABLE = {
  host: { kind: "text", value: "HOST", help: "where" },
  loud: { kind: "flag", short: "l", help: "how" },
  "extra-file": { kind: "list", short: "e", value: "FILE", help: "what" },
  "env-file": ENV_FILE,
} as const

const file = join(sharedFolder(), ".env")
beforeAll(() => writeFileSync(file, `WERKSTATT_HOST="from the file"\nSITE_TONE=blue # a comment\n`))

test.each([
  [["a", "--host", "x", "-l", "-e", "1", "-e", "2", "b"], {}, { host: "x", loud: true, "extra-file": ["1", "2"] }],
  [[], {}, { host: undefined, loud: undefined, "extra-file": [] }],
  [
    [],
    { WERKSTATT_HOST: "y", WERKSTATT_LOUD: "yes", WERKSTATT_EXTRA_FILE: "1,2" },
    { host: "y", loud: true, "extra-file": ["1", "2"] },
  ],
  [
    ["--host=x", "--no-loud", "-e", "3"],
    { WERKSTATT_HOST: "y", WERKSTATT_LOUD: "1", WERKSTATT_EXTRA_FILE: "1" },
    { host: "x", loud: false, "extra-file": ["3"] },
  ],
  [[], { WERKSTATT_LOUD: "0" }, { loud: false }],
  [["--env-file", file], {}, { host: "from the file" }],
  [["--env-file", file], { WERKSTATT_HOST: "y" }, { host: "y" }],
  [[], { WERKSTATT_ENV_FILE: file }, { host: "from the file" }],
])("%j with %j", (argv, env, expected) => {
  expect(parseOptions(argv, TABLE, env).values).toMatchObject(expected)
})

test("what is no option is positional, and the variables of files are given", () => {
  const { positionals, fileEnv } = parseOptions(["a", "--env-file", file, "b"], TABLE, {})
  expect(positionals).toEqual(["a", "b"])
  expect({ ...fileEnv }).toEqual({ WERKSTATT_HOST: "from the file", SITE_TONE: "blue" })
})

test.each([
  [["--none"], {}, /none/],
  [["--host"], {}, /host/],
  [["--loud=1"], {}, /loud/],
  [[], { WERKSTATT_LOUD: "perhaps" }, /WERKSTATT_LOUD is yes or no, not "perhaps"/],
  [["--env-file", "/none"], {}, /--env-file \/none cannot be read \(ENOENT\)/],
])("%j with %j is one line", (argv, env, message) => {
  const parse = () => parseOptions(argv, TABLE, env)
  expect(parse).toThrow(UsageError)
  expect(parse).toThrow(message)
})

test.each(["", "x", "-1", "1.5", "70000", "1e3", "٣", "99999999999"])("%s is no port", (text) => {
  expect(() => wholeNumber("port", text, 0, 65535)).toThrow(UsageError)
})

test("the help has a line for each option", () => {
  expect(optionLines(TABLE).split("\n").slice(0, 3)).toEqual([
    "      --host HOST           where",
    "  -l, --loud                how",
    "  -e, --extra-file FILE     what",
  ])
})
