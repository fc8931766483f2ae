import { expect, test } from "vitest"
import { OrderedInput } from "../../src/environ/ordered-input.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)

/** Gives the letters of a text one by one, each a turn of the loop later, and notes when it is asked while it is busy. */
class Letters extends OrderedInput {
  readonly #letters: string[]
  readonly #knowsEnd: boolean
  #busy = false
  asked = 0
  overlapped = false

  constructor(letters: string, knowsEnd = false) {
    super()
    this.#letters = [...letters]
    this.#knowsEnd = knowsEnd
  }

  protected override isOver(): boolean {
    return this.#knowsEnd && this.#letters.length === 0
  }

  protected override async takeSome(): Promise<Uint8Array> {
    this.overlapped ||= this.#busy
    this.#busy = true
    this.asked++
    await new Promise((resolve) => setImmediate(resolve))
    this.#busy = false
    const letter = this.#letters.shift()
    if (letter === "!") throw new Error("a bang")
    return bytes(letter ?? "")
  }

  protected override takeOfLine(): Promise<Uint8Array> {
    return this.takeSome()
  }
}

test("the source is asked for one thing after the other, however reads overlap", async () => {
  const input = new Letters("ab\ncd\ne")
  const iterator = input[Symbol.asyncIterator]()
  const [read, line, step, rest] = await Promise.all([input.read(1), input.readLine(), iterator.next(), input.read()])
  expect([read, line, rest].map(text)).toEqual(["a", "b\n", "d\ne"])
  expect(step).toEqual({ done: false, value: bytes("c") })
  expect(input.overlapped).toBe(false)
})

test("a read that fails does not hold up the one behind it", async () => {
  const input = new Letters("!a")
  const [failed, read] = await Promise.allSettled([input.read(1), input.read(1)])
  expect(failed).toMatchObject({ status: "rejected", reason: { message: "a bang" } })
  expect(read).toMatchObject({ status: "fulfilled", value: bytes("a") })
})

test("nothing is asked for when nothing is wanted, and not again where the end is known", async () => {
  const input = new Letters("ab", true)
  await Promise.all([input.read(0), input.readLine(0)])
  expect(input.asked).toBe(0)
  expect(text(await input.readLine())).toBe("ab")
  expect(input.asked).toBe(2)
  const other = new Letters("ab")
  expect(text(await other.read())).toBe("ab")
  expect(other.asked).toBe(3)
})

/** Gives its text in two pieces, or all of what is left where `isHere`. */
class Arriving extends OrderedInput {
  rest: string
  isHere: boolean

  constructor(rest: string, isHere: boolean) {
    super()
    this.rest = rest
    this.isHere = isHere
  }

  protected override takeRest(): Uint8Array | undefined {
    return this.isHere ? this.#take(this.rest.length) : undefined
  }

  protected override async takeSome(size = 2): Promise<Uint8Array> {
    return this.#take(size)
  }

  protected override takeOfLine(size: number): Promise<Uint8Array> {
    return this.takeSome(size)
  }

  #take(size: number): Uint8Array {
    const taken = this.rest.slice(0, size)
    this.rest = this.rest.slice(size)
    return new TextEncoder().encode(taken)
  }
}

const tooMuch = () => new RangeError("too much")

test("what is at hand to the end is read at once", async () => {
  expect(new Arriving("abc", true).readAtMost(3, tooMuch)).toEqual(new TextEncoder().encode("abc"))
  expect(() => new Arriving("abc", true).readAtMost(2, tooMuch)).toThrow("too much")
  expect(await new Arriving("abc", true).read()).toEqual(new TextEncoder().encode("abc"))
  expect(await new Arriving("abc", false).readAtMost(3, tooMuch)).toEqual(new TextEncoder().encode("abc"))
  await expect(new Arriving("abc", false).readAtMost(2, tooMuch)).rejects.toThrow("too much")
})

test("what is at hand still comes behind the reads that wait, and has a first reader", async () => {
  const input = new Arriving("abcd", false)
  const first = input.read(1)
  input.isHere = true
  const rest = input.readAtMost(9, tooMuch)
  expect(rest).toBeInstanceOf(Promise)
  expect(new TextDecoder().decode(await first)).toBe("a")
  expect(new TextDecoder().decode(await rest)).toBe("bcd")
  const whole = new Arriving("abcd", true)
  whole.readAtMost(9, tooMuch)
  expect(whole.firstReader).toBe("wsgi.input")
})
