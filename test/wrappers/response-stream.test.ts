import { expect, test } from "vitest"
import { ResponseStream } from "../../src/wrappers/response-stream.ts"
import { bytes, text } from "../support/requests.ts"

function stream(): [ResponseStream, Uint8Array[]] {
  const body: Uint8Array[] = [bytes("a")]
  return [new ResponseStream(async () => body), body]
}

test("writes behind what is there, in the order of the calls, and tells how much it was", async () => {
  const [target, body] = stream()
  expect(await Promise.all([target.write("é"), target.write(bytes("bc"))])).toEqual([2, 2])
  await target.writeLines(["d", "e"])
  expect(text(body)).toBe("aébcde")
  expect(await target.tell()).toBe(7)
})

test("takes nothing once it was closed", async () => {
  const [target] = stream()
  target.close()
  expect(target.closed).toBe(true)
  await expect(target.write("x")).rejects.toThrow(TypeError)
})

test("is a stream of the web to pipe into", async () => {
  const [target, body] = stream()
  await ReadableStream.from(["b", bytes("c")]).pipeTo(target.toWritableStream())
  expect([text(body), target.closed]).toEqual(["abc", true])
})

test("refuses what is neither text nor bytes", async () => {
  const [target, body] = stream()
  await expect(target.write(5 as never)).rejects.toThrow(TypeError)
  expect(text(body)).toBe("a")
})
