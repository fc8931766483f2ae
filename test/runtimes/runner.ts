// A small test runner, in the place of vitest's own where vitest does not run: Bun, Deno and workerd. Takes the same tests, whose
// imports of "vitest" lead here when they are bundled. Knows as much as the tests below files/ need.

import {
  customMatchers,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect"
import * as chai from "chai"

type Work = (...args: never[]) => unknown
type Hook = () => unknown

interface Suite {
  name: string
  before: Hook[]
  after: Hook[]
  outer: Suite | undefined
}

const root: Suite = { name: "", before: [], after: [], outer: undefined }
let current = root
let finishing: Hook[] = []
const registered: { suite: Suite; name: string; work: Work }[] = []

// ---- expect, as vitest sets it up

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)
const makeExpect = (value: unknown, message?: string) => chai.expect(value, message)
export const expect = makeExpect as unknown as typeof import("vitest").expect
Object.defineProperties(expect, Object.getOwnPropertyDescriptors(chai.expect))
Object.assign(globalThis, { [GLOBAL_EXPECT]: expect })
setState(
  { assertionCalls: 0, isExpectingAssertions: false, testPath: "", currentTestName: "" } as never,
  expect as never,
)
const extensible = chai.expect as unknown as { extend(expect: unknown, matchers: object): void }
Object.assign(expect, { extend: (matchers: object) => extensible.extend(expect, matchers) })
expect.extend(customMatchers as never)

/** Types are checked elsewhere. */
export const expectTypeOf = (): unknown => {
  const anything: unknown = new Proxy(() => anything, { get: () => anything })
  return anything
}

// ---- tests

function define(name: unknown, ...rest: unknown[]): void {
  const work = rest.find((each) => typeof each === "function") as Work | undefined
  if (work !== undefined) registered.push({ suite: current, name: String(name), work })
}

function suite(name: unknown, ...rest: unknown[]): void {
  const body = rest.find((each) => typeof each === "function") as () => void
  const outer = current
  current = { name: String(name), before: [], after: [], outer }
  body()
  current = outer
}

const nothing = Object.assign(() => {}, { each: () => () => {} })

function withVariants(add: typeof define) {
  const each =
    (rows: readonly unknown[]) =>
    (name: string, ...rest: unknown[]) => {
      const work = rest.find((value) => typeof value === "function") as (...args: unknown[]) => unknown
      for (const [index, row] of rows.entries()) {
        const args = Array.isArray(row) ? row : [row]
        add(`${name} [${index}]`, () => work(...args))
      }
    }
  const plain = Object.assign(add.bind(undefined), { each, skip: nothing, todo: nothing })
  return Object.assign(plain, {
    skipIf: (condition: unknown) => (condition ? nothing : plain),
    runIf: (condition: unknown) => (condition ? plain : nothing),
  })
}

export const test = withVariants(define)
export const it = test
export const describe = withVariants(suite)
export const beforeEach = (hook: Hook): void => void current.before.push(hook)
export const afterEach = (hook: Hook): void => void current.after.push(hook)
export const beforeAll = (hook: Hook): void => void current.before.push(once(hook))
export const afterAll = (_hook: Hook): void => {}
export const onTestFinished = (hook: Hook): void => void finishing.push(hook)

function once(hook: Hook): Hook {
  let result: unknown
  let isDone = false
  return () => {
    if (!isDone) result = hook()
    isDone = true
    return result
  }
}

/** What came of the tests that were registered. */
export interface Outcome {
  passed: number
  failed: { name: string; message: string }[]
}

/** @param skip names of tests that are left out */
export async function runAll(skip: RegExp): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: [] }
  for (const { suite: own, name, work } of registered) {
    if (skip.test(name)) continue
    const suites: Suite[] = []
    for (let each: Suite | undefined = own; each !== undefined; each = each.outer) suites.unshift(each)
    try {
      for (const { before } of suites) for (const hook of before) await hook()
      await (work as Hook)()
      for (const hook of finishing.splice(0)) await hook()
      for (const { after } of suites.reverse()) for (const hook of after) await hook()
      outcome.passed++
    } catch (error) {
      finishing = []
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      outcome.failed.push({
        name: `${suites.map((each) => each.name).join(" > ")} > ${name}`,
        message: message.slice(0, 400),
      })
    }
  }
  return outcome
}
