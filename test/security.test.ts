import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve, win32 } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  checkPasswordHash,
  constantTimeEqual,
  generatePasswordHash,
  needsRehash,
  safeJoin,
  safeJoinUnder,
  safeRedirectTarget,
  secureFilename,
} from "../src/security.ts"
import { expectLinear } from "./support/growth.ts"

const FAST = "scrypt:1024:8:1"

describe("a password hash", () => {
  test("is scrypt with a salt of 16 bytes, unless asked otherwise", async () => {
    expect(await generatePasswordHash("secret")).toMatch(/^scrypt:32768:8:1\$[\w-]{22}\$[0-9a-f]{128}$/)
    const other = await generatePasswordHash("secret", { method: "pbkdf2:sha1:7", saltLength: 3 })
    expect(other).toMatch(/^pbkdf2:sha1:7\$[\w-]{4}\$[0-9a-f]{40}$/)
  })

  test("names the parameters that were left out", async () => {
    expect(await generatePasswordHash("secret", { method: "pbkdf2" })).toMatch(/^pbkdf2:sha256:1000000\$/)
    expect(await generatePasswordHash("secret", { method: "scrypt" })).toMatch(/^scrypt:32768:8:1\$/)
  })

  test("differs each time", async () => {
    const hashes = await Promise.all(
      ["", "x"].flatMap((word) => [1, 2].map(() => generatePasswordHash(word, { method: FAST }))),
    )
    expect(new Set(hashes).size).toBe(4)
  })

  test("verifies its password and no other", async () => {
    const method = fc.constantFrom("scrypt:16:8:1", "pbkdf2:sha256:3", "pbkdf2:sha3_512:1", "pbkdf2:blake2b:2")
    const word = fc.string({ unit: "grapheme", maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(word, word, method, async (password, other, method) => {
        const hash = await generatePasswordHash(password, { method })
        expect(await checkPasswordHash(hash, password)).toBe(true)
        expect(await checkPasswordHash(hash, other)).toBe(password === other)
      }),
      { numRuns: 40 },
    )
  })

  test("was made in the same way by Werkzeug", async () => {
    const hash =
      "scrypt:32768:8:1$a1b2c3d4e5f6g7h8$63f4cdb94410406fafb2214caeb75246674964d556cb54ea37a22d275185d9366a7ee4b8951a304878f1073055e00c1b34888732030d6043f3db41f20b5503d1"
    expect(await checkPasswordHash(hash, "secret")).toBe(true)
    expect(await checkPasswordHash(hash, "Secret")).toBe(false)
  })

  const KEY = "86047d1ecaad2aea56c699eff32f7d4eb3c36a34d3ffd3dc49394d69fa5d2d74"
  const GOOD = `pbkdf2:sha256:1000$saltsalt$${KEY}`

  test.each([
    "",
    "$",
    "$$",
    "$$$",
    "pbkdf2:sha256:1000",
    "pbkdf2:sha256:1000$saltsalt",
    GOOD.slice(0, -1),
    `${GOOD}0`,
    `${GOOD}$extra`,
    GOOD.toUpperCase(),
    GOOD.replace("saltsalt", "SALTSALT"),
    GOOD.replace("$s", () => "$$s"),
    GOOD.replace("1000", "1001"),
    GOOD.replace("1000", " 1000"),
    GOOD.replace("1000", "+1000"),
    GOOD.replace("1000", "1e3"),
    GOOD.replace("1000", "1_000"),
    GOOD.replace("1000", "１０００"),
    GOOD.replace("1000", "0"),
    GOOD.replace("1000", "-1000"),
    GOOD.replace("1000", "1000:9"),
    GOOD.replace("sha256", "sha257"),
    GOOD.replace("sha256", "constructor"),
    GOOD.replace("pbkdf2", "__proto__"),
    `md5$salt$0123`,
    `plain$$secret`,
  ])("does not verify when it is malformed: %s", async (hash) => {
    expect(await checkPasswordHash(GOOD, "secret")).toBe(true)
    expect(await checkPasswordHash(hash, "secret")).toBe(false)
  })

  test.each([
    "pbkdf2:sha256:10000001",
    "pbkdf2:sha256:999999999999999999999",
    `scrypt:${2 ** 30}:8:1`,
    `scrypt:${2 ** 19}:8:1`,
    `scrypt:${2 ** 18}:8:5`,
    "scrypt:2:1:8000000",
    "scrypt:2:1048576:64",
    "scrypt:65536:1:1",
    "scrypt:1023:8:1",
    "scrypt:0:8:1",
    "scrypt:1:8:1",
    "scrypt:1024:0:1",
    "scrypt:1024:8:0",
    "scrypt:1024:8",
    "scrypt:1024",
    "scrypt:1024:8:1:1",
    "scrypt:",
    "pbkdf2:",
    "",
    "sha256",
  ])("is not made, nor computed, with parameters out of bounds: %s", async (method) => {
    await expect(generatePasswordHash("secret", { method })).rejects.toThrow(RangeError)
    expect(await checkPasswordHash(`${method}$salt$${KEY}`, "secret")).toBe(false)
    expect(() => needsRehash(GOOD, method)).toThrow(RangeError)
  })

  test("takes 4096 bytes of password, and not one more", async () => {
    const [longest, tooLong, huge] = ["é".repeat(2048), `${"é".repeat(2048)}x`, "x".repeat(10_000_000)]
    const hash = await generatePasswordHash(longest, { method: FAST })
    expect(await checkPasswordHash(hash, longest)).toBe(true)
    for (const password of [tooLong, huge]) {
      expect(await checkPasswordHash(hash, password)).toBe(false)
      await expect(generatePasswordHash(password, { method: FAST })).rejects.toThrow(RangeError)
    }
  })

  test("is made while the event loop turns", async () => {
    let done = false
    const hashes = Promise.all(Array.from({ length: 4 }, () => generatePasswordHash("x"))).then(() => {
      done = true
    })
    let turns = 0
    for (; !done; turns++) await nextTurn()
    await hashes
    expect(turns).toBeGreaterThan(20)
  })

  test("says when it was made in another way than is wanted now", () => {
    expect(needsRehash("scrypt:32768:8:1$s$k")).toBe(false)
    expect(needsRehash("scrypt$s$k", "scrypt")).toBe(false)
    expect(needsRehash("scrypt:1024:8:1$s$k")).toBe(true)
    expect(needsRehash(GOOD, "pbkdf2:sha256:1000")).toBe(false)
    expect(needsRehash(GOOD, "pbkdf2")).toBe(true)
    expect(needsRehash("what is this")).toBe(true)
  })
})

describe("hashes of Werkzeug and ours", () => {
  // Reads { check: [[hash, password]], generate: [[password, method]] }; null stands for what this version can't do.
  const program = `
import json, sys
from werkzeug.security import check_password_hash, generate_password_hash
def attempt(call, *args):
    try: return call(*args)
    except (ValueError, TypeError): return None
job = json.load(sys.stdin)
print(json.dumps({
    "check": [attempt(check_password_hash, *args) for args in job["check"]],
    "generate": [attempt(generate_password_hash, *args) for args in job["generate"]],
}))`
  interface Job {
    check: [hash: string, password: string][]
    generate: [password: string, method: string][]
  }
  const ask = (python: string, job: Job): { check: (boolean | null)[]; generate: (string | null)[] } =>
    JSON.parse(execFileSync(python, ["-c", program], { input: JSON.stringify(job), encoding: "utf8", stdio: "pipe" }))
  const pythons = ["python3", "/usr/bin/python3"].filter((python) => {
    try {
      return ask(python, { check: [], generate: [] }).check.length === 0
    } catch {
      return false
    }
  })
  const passwords = ["", "secret", "pässwörd 日本 🔑", "x".repeat(300)]
  const methods = [
    "pbkdf2:sha256:1000",
    "pbkdf2:sha512:10",
    "pbkdf2:sha1:1",
    "pbkdf2:md5:2",
    "pbkdf2:sha3_256:3",
    "scrypt:1024:8:1",
  ]

  test.skipIf(pythons.length === 0)("verify on either side (skipped where no Werkzeug is installed)", async () => {
    for (const python of pythons) {
      const pairs = passwords.flatMap((password) => methods.map((method): [string, string] => [password, method]))
      const ours = await Promise.all(pairs.map(([password, method]) => generatePasswordHash(password, { method })))
      const answer = ask(python, {
        generate: pairs,
        check: ours.flatMap((hash, index): [string, string][] => {
          const password = pairs[index]?.[0] ?? ""
          return [
            [hash, password],
            [hash, `${password}x`],
          ]
        }),
      })
      let verified = 0
      for (const [index, theirs] of answer.generate.entries()) {
        if (theirs === null) continue // Werkzeug before 2.3 has no scrypt.
        const [password, method] = pairs[index] as [string, string]
        expect(answer.check.slice(2 * index, 2 * index + 2), `${method} in ${python}`).toEqual([true, false])
        expect(await checkPasswordHash(theirs, password), theirs).toBe(true)
        expect(await checkPasswordHash(theirs, `${password}x`), theirs).toBe(false)
        verified++
      }
      expect(verified).toBeGreaterThanOrEqual(20)
    }
  })
})

test("a salt has 1 to 1024 random bytes in characters of base64url", async () => {
  const salt = async (saltLength = 16) =>
    (await generatePasswordHash("x", { method: FAST, saltLength })).split("$")[1] as string
  expect(await salt()).toMatch(/^[\w-]{22}$/)
  expect(await salt(1024)).toMatch(/^[\w-]{1366}$/)
  expect(await salt()).not.toBe(await salt())
  for (const length of [0, -1, 1.5, 1025, Number.NaN]) await expect(salt(length)).rejects.toThrow(RangeError)
})

test("secrets of any kind and length are compared by their bytes", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 5 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(constantTimeEqual(a, b)).toBe(a === b)
      expect(constantTimeEqual(a, new TextEncoder().encode(b))).toBe(a === b)
    }),
  )
  expect(constantTimeEqual("", "")).toBe(true)
  expect(constantTimeEqual("a".repeat(100_000), `${"a".repeat(99_999)}b`)).toBe(false)
})

describe("safeJoin", () => {
  test.each([
    [["base", "a"], "base/a"],
    [["base", "a/b", "c"], "base/a/b/c"],
    [["base", "a/../b"], "base/b"],
    [["base", "./a//b/"], "base/a/b"],
    [["base", "."], "base/."],
    [["base", "a/.."], "base/."],
    [["base", "", "a", ""], "base/a"],
    [["base"], "base"],
    [["base/", "a"], "base/a"],
    [["/", "a"], "/a"],
    [["", "a"], "./a"],
    [["", ""], "."],
    [["base", "..a", "a..", "...", ".b"], "base/..a/a../.../.b"],
    [["base", "a%2Fb"], "base/a%2Fb"],
    [["base", "日本/x y"], "base/日本/x y"],
    [["base", "nul.txt"], "base/nul.txt"],
    [["base", "ab:c"], "base/ab:c"],
    // Outside
    [["base", ".."], undefined],
    [["base", "../base/a"], undefined],
    [["base", "a", ".."], undefined],
    [["base", "./../a"], undefined],
    [["base", "a/b/../../../c"], undefined],
    // Absolute
    [["base", "/a"], undefined],
    [["base", "/"], undefined],
    [["base", "//host/share"], undefined],
    [["base", "a", "/b"], undefined],
    // Another system's separators and drives, and NUL
    [["base", "\\a"], undefined],
    [["base", "a\\..\\b"], undefined],
    [["base", "\\\\host\\share"], undefined],
    [["base", "C:/a"], undefined],
    [["base", "c:a"], undefined],
    [["base", "a\0.png"], undefined],
  ] as [[string, ...string[]], string | undefined][])("%j is %s", (args, expected) => {
    expect(safeJoinUnder("posix", ...args)).toBe(expected)
    if (process.platform !== "win32") expect(safeJoin(...args)).toBe(expected)
  })

  test.each([
    [["C:\\www\\", "a/b"], "C:\\www\\a/b"],
    [["C:\\www", "a", "b.txt"], "C:\\www/a/b.txt"],
    [
      ["www", ".hidden", "console", "com10", "auxiliary.txt", "nul_", "comx"],
      "www/.hidden/console/com10/auxiliary.txt/nul_/comx",
    ],
    [["www", "a/../b"], "www/b"],
  ] as [[string, ...string[]], string][])("by the rules of Windows, %j is %s", (args, expected) => {
    expect(safeJoinUnder("win32", ...args)).toBe(expected)
  })

  const devices = ["CON", "prn", "Aux", "nul", "CONIN$", "conout$", "CLOCK$", "COM1", "lpt9", "COM¹", "LPT²", "com³"]
  test.each([
    ...devices.flatMap((name) => [name, `${name}.txt`, `${name}.txt.html`, `${name} .txt`, ` ${name}`, `a/${name}/b`]),
    "$MFT",
    "$mft/x",
    "a/$Extend",
    "file::$DATA",
    "file:stream",
    "a/C:",
    "file.",
    "file ",
    ".. /x",
    "a/... ",
    "...",
    ". ./a",
    "a*",
    "a?",
    "a<b",
    "a|b",
    'a"b',
    "a\nb",
    "a\x1fb",
    "../a",
    "/a",
    "\\a",
    "C:\\a",
    "\\\\?\\C:\\a",
    "//./COM1",
  ])("by the rules of Windows, %j is refused", (name) => {
    expect(safeJoinUnder("win32", "www", name)).toBeUndefined()
    expect(safeJoinUnder("win32", "www", "sub", name)).toBeUndefined()
  })

  test("never leaves the directory, on either system", () => {
    const piece = fc.constantFrom("..", ".", "a", "..a", "/", "\\", "", "C:", "\0", " ", "CON", "%2e", ":", "//", "~")
    const part = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const posix = safeJoinUnder("posix", "/srv/root", ...parts)
        if (posix !== undefined) expect(`${resolve(posix)}/`).toMatch(/^\/srv\/root\//)
        const windows = safeJoinUnder("win32", "C:\\srv\\root", ...parts)
        if (windows !== undefined) expect(`${win32.resolve(windows)}\\`).toMatch(/^C:\\srv\\root\\/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe("secureFilename", () => {
  test.each([
    ["My cool movie.mov", "My_cool_movie.mov"],
    ["../../../etc/passwd", "etc_passwd"],
    ["..\\..\\x", "x"],
    ["C:\\x.txt", "C_x.txt"],
    ["i contain cool ümläuts.txt", "i_contain_cool_umlauts.txt"],
    ["a/../b", "a_.._b"],
    ["a  b.txt ", "a_b.txt"],
    ["foo$&^*)bar", "foobar"],
    ["Ⅷ ½ ﬁ.txt", "VIII_12_fi.txt"],
    ["a／b℀c", "a_ba_cc"],
    ["evil\u202etxt.exe", "eviltxt.exe"],
    ["a\0b\nc", "ab_c"],
    [".htaccess", "htaccess"],
    ["--help", "--help"],
    ["", ""],
    ["..", ""],
    ["日本", ""],
    ["aux", "_aux"],
    ["NUL.tar.gz", "_NUL.tar.gz"],
    ["COM¹", "_COM1"],
    ["console", "console"],
  ])("makes %j into %j", (name, expected) => {
    expect(secureFilename(name)).toBe(expected)
  })

  test("leaves nothing that a system could take for more than a name", () => {
    const piece = fc.oneof(
      fc.constantFrom("..", "/", "\\", "aux", "NUL", ".", "_", ":", " "),
      fc.string({ unit: "binary" }),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const name = secureFilename(pieces.join(""))
        expect(name).toMatch(/^(?:(?![.])[\w.-]*[\w-])?$/)
        expect(secureFilename(name)).toBe(name)
        if (name !== "") expect(safeJoinUnder("win32", "up", name)).toBe(`up/${name}`)
      }),
    )
  })

  test("takes a time that grows with the name and no faster", async () => {
    await expectLinear((length) => {
      const name = `${"._".repeat(length)}x${"._ ".repeat(length)}`
      return () => secureFilename(name)
    }, 10_000)
  })
})

// A canary sits outside of the root, in the ways that have gone wrong elsewhere; thousands of spellings ask for it.
describe("a file outside of the root", () => {
  let home: string
  let root: string

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "canary-"))
    root = join(home, "root")
    for (const folder of ["root", "root/a", "root_backup"]) mkdirSync(join(home, folder))
    for (const file of ["secret.txt", "root_backup/secret.txt"]) writeFileSync(join(home, file), "canary")
    for (const file of ["root/index.txt", "root/a/index.txt"]) writeFileSync(join(home, file), "public")
  })
  afterAll(() => rmSync(home, { recursive: true }))

  function spellings(): Set<string> {
    const targets = [
      "../secret.txt",
      "./../secret.txt",
      "a/../../secret.txt",
      "../root/../secret.txt",
      "../root_backup/secret.txt",
      "../../root/secret.txt",
      "_backup/secret.txt",
      `${home}/secret.txt`,
      `.${home}/../../../../../..${home}/secret.txt`,
      `/..${home}/secret.txt`,
      "C:/secret.txt",
      "C:../secret.txt",
      "//localhost/share/secret.txt",
      "//?/C:/secret.txt",
    ]
    const separators = ["/", "//", "/./", "\\", "/\\", "%2f", "%2F", "%5c", "%252f", "%255C", "%c0%af", "／", "∕"]
    const dots = [
      "..",
      "%2e%2e",
      ".%2E",
      "%252e%252e",
      "%25%32%65.",
      "%c0%ae%c0%ae",
      "．．",
      ".. ",
      "..;",
      "....",
      "..\0",
    ]
    const endings = ["", "%00", "%00.png", "\0", " ", ".", "/", "/.", "::$DATA", "?", "%20", ";a=b"]
    const all = new Set<string>()
    for (const target of targets) {
      for (const separator of separators) {
        for (const dot of dots) {
          const path = target.replaceAll("..", dot).replaceAll("/", separator)
          for (const ending of endings) all.add(path + ending)
        }
      }
    }
    return all
  }

  const decode = (text: string): string => {
    const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    try {
      return decodeURIComponent(text)
    } catch {
      return bytes
    }
  }
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8")
    } catch {
      return ""
    }
  }

  test("is not read through any spelling, decoded as often as one likes, whole or in pieces", () => {
    const all = spellings()
    expect(all.size).toBeGreaterThan(2000)
    let reached = 0
    const escaped: string[] = []
    for (const spelling of all) {
      for (const path of new Set([spelling, decode(spelling), decode(decode(spelling))])) {
        for (const parts of [[path], ["a", path], path.split("/")]) {
          const joined = safeJoinUnder("posix", root, ...parts)
          if (joined !== undefined) {
            reached++
            if (!`${resolve(joined)}/`.startsWith(`${root}/`) || read(joined) === "canary") escaped.push(path)
          }
          const windows = safeJoinUnder("win32", "C:\\home\\root", ...parts)
          if (windows !== undefined && !`${win32.resolve(windows)}\\`.startsWith("C:\\home\\root\\")) escaped.push(path)
        }
      }
    }
    expect(escaped).toEqual([])
    expect(reached).toBeGreaterThan(0)
    expect(read(safeJoinUnder("posix", root, "a/../index.txt") ?? "")).toBe("public")
  })

  test("is not written through any spelling", () => {
    const escaped: string[] = []
    for (const spelling of spellings()) {
      for (const path of [spelling, decode(spelling)]) {
        const name = secureFilename(path) || "_"
        if (resolve(root, name) !== `${root}/${name}` || win32.resolve("C:\\up", name) !== `C:\\up\\${name}`)
          escaped.push(path)
      }
    }
    expect(escaped).toEqual([])
    writeFileSync(join(root, secureFilename("../secret.txt")), "upload")
    expect(readdirSync(root)).toContain("secret.txt")
    expect(read(join(home, "secret.txt"))).toBe("canary")
  })
})

describe("safeRedirectTarget", () => {
  test.each([
    "/",
    "/a",
    "/a/b?c=d&e=//f#g",
    "/?next=https://evil.example/",
    "/\u00e4",
    "/a//b",
    "/%2f%2fevil.example",
    "/a/..",
  ])("%j stays on the site", (target) => {
    expect(safeRedirectTarget(target)).toBe(target)
    expect(new URL(target, "https://here.test").origin).toBe("https://here.test")
  })

  test.each([
    ...[
      "",
      "a",
      "//evil.example",
      "///evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "\t//evil.example",
    ],
    ...[
      "/\n/evil.example",
      "/\r\nSet-Cookie: a=b",
      " /a",
      "/a b",
      "https:evil.example",
      "https://evil.example",
      "http:///evil.example",
    ],
    ...[
      "javascript:alert(1)",
      "data:text/html,x",
      "//",
      "/..//evil.example",
      "/.//evil.example",
      "/a/../..//evil.example",
      "/\ud800",
    ],
    ...[
      "http://ok@evil.example/",
      "//[",
      "https://here.test.evil.example/",
      "mailto:a@here.test",
      "?a",
      "#a",
      "./a",
      "../a",
      "/\0",
    ],
  ])("%j does not", (target) => {
    expect(safeRedirectTarget(target)).toBe(undefined)
    expect(safeRedirectTarget(target, "https://here.test")).toBe(undefined)
  })

  test("a URL of the site gives its path", () => {
    expect(safeRedirectTarget("https://here.test/a?b#c", "https://here.test")).toBe("/a?b#c")
    expect(safeRedirectTarget("https://here.test", "https://here.test")).toBe("/")
    expect(safeRedirectTarget("HTTPS://HERE.test:443/a", "https://here.test")).toBe("/a")
    for (const url of [
      "http://here.test/a",
      "https://here.test:8443/a",
      "https://here.test//evil.example",
      "https://u:p@here.test/",
    ]) {
      expect(safeRedirectTarget(url, "https://here.test"), url).toBe(undefined)
    }
  })

  test("without a target there is none", () => {
    expect([
      safeRedirectTarget(undefined),
      safeRedirectTarget(null),
      safeRedirectTarget(7 as unknown as string),
    ]).toEqual([undefined, undefined, undefined])
  })

  test("wherever a browser goes, it is this origin, and the target can be taken for one again", () => {
    const text = fc.string({ unit: fc.constantFrom(..."/\\.:@?#ae \t\n%2f".split("")) })
    fc.assert(
      fc.property(text, (rest) => {
        const target = safeRedirectTarget(`/${rest}`)
        if (target === undefined) return
        const url = new URL(target, "https://here.test")
        expect(url.origin).toBe("https://here.test")
        expect(new URL(url.pathname, "https://here.test").origin).toBe("https://here.test")
      }),
    )
  })
})
