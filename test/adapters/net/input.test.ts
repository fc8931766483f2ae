// The body of a request on a connection of the engine, without a connection.

import { expect, test } from "vitest"
import { type BodySource, NetInput } from "../../../src/adapters/net/input.ts"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const tooMuch = () => new RangeError("too much")

/** Gives the pieces that have come so far. */
class Pieces implements BodySource {
  readonly #pieces: string[]
  #isLastThere: boolean
  #wake: (() => void) | undefined = undefined

  constructor(pieces: string[], isLastThere = true) {
    this.#pieces = pieces
    this.#isLastThere = isLastThere
  }

  get isComplete(): boolean {
    return this.#isLastThere && this.#pieces.length === 0
  }

  takePiece(): Uint8Array | undefined {
    const piece = this.#pieces.shift()
    return piece === undefined ? undefined : bytes(piece)
  }

  whenMore(callback: () => void): void {
    this.#wake = callback
  }

  comeLast(piece: string): void {
    this.#pieces.push(piece)
    this.#isLastThere = true
    this.#wake?.()
  }
}

/** An input whose pieces also tell whether they were all. */
const inputOver = (pieces: Pieces, sendContinue: (() => void) | undefined) => new NetInput(pieces, pieces, sendContinue)

test("a body that has come with its head is given at once, and is over then", async () => {
  const input = inputOver(new Pieces(["abc"]), undefined)
  expect(input.readAtMost(3, tooMuch)).toEqual(bytes("abc"))
  expect(input.readAtMost(3, tooMuch)).toHaveLength(0)
  expect(() => inputOver(new Pieces(["abc"]), undefined).readAtMost(2, tooMuch)).toThrow("too much")
  expect(await inputOver(new Pieces(["abc"]), undefined).read()).toEqual(bytes("abc"))
})

test("the first piece of a body in pieces is not lost", async () => {
  expect(await inputOver(new Pieces(["ab", "cd"]), undefined).readAtMost(9, tooMuch)).toEqual(bytes("abcd"))
  await expect(inputOver(new Pieces(["ab", "cd"]), undefined).readAtMost(3, tooMuch)).rejects.toThrow("too much")
  const source = new Pieces(["ab"], false)
  const whole = inputOver(source, undefined).read()
  source.comeLast("cd")
  expect(await whole).toEqual(bytes("abcd"))
})

test("what is left behind a first read is given in order", async () => {
  const input = inputOver(new Pieces(["abcd", "ef"]), undefined)
  expect(await input.read(1)).toEqual(bytes("a"))
  expect(await input.readAtMost(9, tooMuch)).toEqual(bytes("bcdef"))
})

test("a client that waits for it is told that the body is wanted, once", async () => {
  let told = 0
  const input = inputOver(new Pieces(["abc"]), () => told++)
  expect([input.isAwaited, told]).toEqual([true, 0])
  input.readAtMost(3, tooMuch)
  await input.read()
  expect([input.isAwaited, told]).toEqual([false, 1])
})

test("nothing is read of a body that failed, or after the response was over", async () => {
  const failed = inputOver(new Pieces([]), undefined)
  failed.fail()
  await expect(failed.read()).rejects.toThrow(ClientDisconnected)
  const late = inputOver(new Pieces(["abc"]), undefined)
  late.finish()
  await expect(late.read()).rejects.toThrow("after the response was over")
})
