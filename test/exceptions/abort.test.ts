import { describe, expect, expectTypeOf, test } from "vitest"
import { Aborter, abort } from "../../src/exceptions/abort.ts"
import { HTTPException } from "../../src/exceptions/http-exception.ts"
import { BadRequest, Gone, NotFound, TooManyRequests } from "../../src/exceptions/statuses.ts"

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

describe("abort", () => {
  test("throws the class of the code, made with the further arguments", () => {
    expect(thrownBy(() => abort(404))).toBeInstanceOf(NotFound)
    expect(thrownBy(() => abort(404, "gone fishing"))).toMatchObject({ description: "gone fishing" })
    const late = thrownBy(() => abort(429, { retryAfter: 5 }))
    expect(late).toBeInstanceOf(TooManyRequests)
    expect((late as TooManyRequests).retryAfter).toBe(5)
  })

  test("wraps a Responder, and throws an HTTP error as it is", () => {
    const response = { respond: () => [] }
    const wrapped = thrownBy(() => abort(response)) as HTTPException
    expect(wrapped.constructor).toBe(HTTPException)
    expect(wrapped.getResponse()).toBe(response)
    const error = new Gone()
    expect(thrownBy(() => abort(error))).toBe(error)
  })

  test.each([200, 302, 420, 506, 0, 1000, "404", null, undefined])("has no class for %s", (status) => {
    expect(() => abort(status as number)).toThrow(RangeError)
  })

  test("knows what each class is made with, and ends the control flow", () => {
    const code: number = 404
    expect(() => abort(code, "anything", 1)).toThrow(NotFound)
    // @ts-expect-error no such option
    expect(() => abort(404, { nonsense: 1 })).toThrow(NotFound)
    // @ts-expect-error 405 takes its methods first
    expect(() => abort(405, { description: "x" })).toThrow(TypeError)
    const name = (given: string | undefined): string => {
      if (given === undefined) abort(400)
      expectTypeOf(given).toEqualTypeOf<string>()
      return given
    }
    expect(() => name(undefined)).toThrow(BadRequest)
  })
})

describe("an Aborter", () => {
  class Melted extends HTTPException {
    static override readonly code = 530
  }

  test("has the default classes and those that are added or put in their place", () => {
    const aborter = new Aborter({
      extra: [
        [530, Melted],
        [404, Gone],
      ],
    })
    expect(() => aborter.abort(530)).toThrow(Melted)
    expect(() => aborter.abort(404)).toThrow(Gone)
    expect(() => aborter.abort(400)).toThrow(BadRequest)
    expect(() => abort(530)).toThrow(RangeError)
  })

  test("knows only its own mapping when it is given one", () => {
    const aborter = new Aborter({ mapping: new Map([[1, NotFound]]) })
    expect(() => aborter.abort(1)).toThrow(NotFound)
    expect(() => aborter.abort(404)).toThrow(RangeError)
  })

  test("can be extended, and lends its method without itself", () => {
    class Loud extends Aborter {
      override abort(...args: [number]): never {
        return super.abort(args[0], "LOUD")
      }
    }
    const { abort: loud } = new Loud()
    expect(thrownBy(() => loud(404))).toMatchObject({ description: "LOUD" })
  })
})
