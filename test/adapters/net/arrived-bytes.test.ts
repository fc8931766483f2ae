import { expect, test } from "vitest"
import { ArrivedBytes } from "../../../src/adapters/net/arrived-bytes.ts"

test("bytes are used in the order in which they came, and counted", () => {
  const arrived = new ArrivedBytes()
  arrived.push(Buffer.from("abc"))
  arrived.push(Buffer.alloc(0))
  arrived.push(Buffer.from("de"))
  expect(arrived.size).toBe(5)
  arrived.useTo(2)
  expect([arrived.first?.toString(), arrived.at, arrived.size]).toEqual(["abc", 2, 3])
  arrived.useTo(3)
  expect([arrived.first?.toString(), arrived.at, arrived.size]).toEqual(["de", 0, 2])
  arrived.useTo(1)
  expect(arrived.takeAll().toString()).toBe("e")
  expect([arrived.first, arrived.size]).toEqual([undefined, 0])
})

test("many bytes are enough, and so are many pieces", () => {
  const large = new ArrivedBytes()
  large.push(Buffer.alloc(65_535))
  expect(large.isFull).toBe(false)
  large.push(Buffer.alloc(1))
  expect(large.isFull).toBe(true)
  const many = new ArrivedBytes()
  for (let i = 0; i < 40; i++) many.push(Buffer.alloc(1))
  expect(many.isFull).toBe(true)
})
