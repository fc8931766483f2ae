import { expect, test } from "vitest"
import { compose, type Middleware } from "../../src/middleware/compose.ts"
import { call, hello } from "./calling.ts"

const noting =
  (trail: string[], name: string): Middleware =>
  (app) =>
  (environ, startResponse) => {
    trail.push(name)
    return app(environ, startResponse)
  }

test("requests pass the layers as they are listed", async () => {
  const trail: string[] = []
  await call((app) => compose(app, noting(trail, "outer"), noting(trail, "middle"), noting(trail, "inner")))
  expect(trail).toEqual(["outer", "middle", "inner"])
})

test("without layers the application is what it was", () => {
  expect(compose(hello)).toBe(hello)
})

test("layers are made once", async () => {
  let made = 0
  const app = compose(hello, (inner) => {
    made++
    return inner
  })
  await call(() => app)
  await call(() => app)
  expect(made).toBe(1)
})

test("what is no layer is named", () => {
  expect(() => compose(hello, "gzip" as unknown as Middleware)).toThrow(
    new TypeError('layer 0 of compose must be a function, (app) => app, not "gzip"'),
  )
  expect(() => compose(hello, (() => undefined) as unknown as Middleware)).toThrow(
    "layer 0 of compose takes an application, not undefined",
  )
})
