// Rules S1-S16 of the contract, each over a real socket.

import { describe, expect, test } from "vitest"
import type { Application, HeaderList, StartResponse } from "../../../src/gateway.ts"
import {
  answering,
  encode,
  get,
  parseAnswer,
  RawClient,
  serve,
  serveUnlinted,
  sleep,
  talk,
} from "../../support/server.ts"

/** What startResponse threw at its caller, and what the client got for it. */
async function refusal(
  status: unknown,
  headers: unknown,
): Promise<{ thrown: unknown; status: string; errors: string[] }> {
  let thrown: unknown
  const { port, errors } = await serveUnlinted((_environ, startResponse) => {
    try {
      startResponse(status as string, headers as HeaderList)
    } catch (error) {
      thrown = error
      throw error
    }
    return [encode("never sent")]
  })
  const answer = await get(port, "/")
  return { thrown, status: answer.status, errors }
}

describe("startResponse", () => {
  test("S1: takes status and headers by position and returns write", async () => {
    let write: unknown
    const { port } = await serve((_environ, startResponse) => {
      write = startResponse("200 OK", [["X-A", "b"]])
      return []
    })
    expect((await get(port, "/")).header("x-a")).toBe("b")
    expect(typeof write).toBe("function")
  })

  test.each([
    ["200"],
    ["200OK"],
    ["20 OK"],
    ["2000 OK"],
    [" 200 OK"],
    ["200 OK\r\nX: y"],
    ["200 O\0K"],
    ["200 €"],
    ["abc def"],
    [200],
    [undefined],
  ])("S2: refuses the status %j at the caller", async (status) => {
    const { thrown, status: sent, errors } = await refusal(status, [])
    expect(thrown).toBeInstanceOf(TypeError)
    expect(sent).toBe("HTTP/1.1 500 Internal Server Error")
    expect(errors).toHaveLength(1)
  })

  test("S2: an empty reason, and one in Latin-1, go out as they are", async () => {
    for (const status of ["299 ", "200 Fünf\tvor"]) {
      const { port } = await serve(answering("", status))
      expect((await get(port, "/")).status).toBe(`HTTP/1.1 ${status}`)
    }
  })

  test.each(["100 Continue", "101 Switching Protocols", "199 What", "000 Zero"])(
    "a status of %j is not final and refused",
    async (status) => {
      expect((await refusal(status, [])).thrown).toBeInstanceOf(RangeError)
    },
  )

  test.each([
    ["an object", { "X-A": "b" }],
    ["platform Headers", new Headers({ a: "b" })],
    ["null", null],
    ["a pair too long", [["a", "b", "c"]]],
    ["text for a pair", ["ab"]],
    ["a number for a value", [["a", 1]]],
    ["a number for a name", [[1, "a"]]],
  ])("S3: refuses %s for the headers", async (_what, headers) => {
    expect((await refusal("200 OK", headers)).thrown).toBeInstanceOf(TypeError)
  })

  test("S3: keeps a copy, so that a list that is changed later changes nothing", async () => {
    const { port } = await serve((_environ, startResponse) => {
      const pair: [string, string] = ["X-A", "before"]
      const headers: HeaderList = [pair]
      startResponse("200 OK", headers)
      pair[1] = "after"
      headers.push(["X-B", "late"])
      return []
    })
    const answer = await get(port, "/")
    expect([answer.header("x-a"), answer.header("x-b")]).toEqual(["before", undefined])
  })

  test.each(["", "a b", "a:", "a\n", "ä", "a\0"])("S4: refuses the name %j", async (name) => {
    expect((await refusal("200 OK", [[name, "v"]])).thrown).toBeInstanceOf(TypeError)
  })

  test.each(["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\x7f", "\x1b", "\u560d\u560a", "\u0100"])(
    "S4: refuses the value %j",
    async (value) => {
      expect((await refusal("200 OK", [["x", value]])).thrown).toBeInstanceOf(TypeError)
    },
  )

  test("S4: TAB and Latin-1 pass, one byte for each character; __proto__ is a name like others", async () => {
    const { port } = await serve(
      (_environ, startResponse) => {
        startResponse("200 OK", [
          ["x", "a\tb\xff"],
          ["__proto__", "p"],
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ])
        return []
      },
      { allow: ["L19"] },
    )
    const answer = await get(port, "/")
    expect(answer.header("x")).toBe("a\tb\xff")
    expect(answer.header("__proto__")).toBe("p")
    expect(answer.fields.filter(([name]) => name === "set-cookie")).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ])
  })

  test("S5: after a refusal only a call with an error may follow", async () => {
    const calls: string[] = []
    const { port } = await serveUnlinted((_environ, startResponse) => {
      const attempt = (status: string, error?: Error) => {
        try {
          startResponse(status, [], error)
          calls.push("taken")
        } catch (thrown) {
          calls.push((thrown as Error).message)
        }
      }
      attempt("bad")
      attempt("200 OK")
      attempt("503 Service Unavailable", new Error("x"))
      return []
    })
    expect((await get(port, "/")).status).toBe("HTTP/1.1 503 Service Unavailable")
    expect(calls.slice(1)).toEqual([expect.stringContaining("second time"), "taken"])
  })

  test("S5: an application that swallows the refusal gets a 500", async () => {
    const { port, errors } = await serveUnlinted((_environ, startResponse) => {
      try {
        startResponse("bad", [])
      } catch {}
      return [encode("went on")]
    })
    expect((await get(port, "/")).status).toMatch(/ 500 /)
    expect(errors).toHaveLength(1)
  })

  test("S6: sends nothing before the first chunk with bytes", async () => {
    let proceed: () => void = () => {}
    const going = new Promise<void>((resolve) => {
      proceed = resolve
    })
    const { port } = await serve(async function* (environ, startResponse) {
      startResponse("200 OK", [])
      yield encode("")
      expect(environ["wsgi.headers_sent"]?.()).toBe(false)
      await going
      yield encode("x")
      expect(environ["wsgi.headers_sent"]?.()).toBe(true)
    } as Application)
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await sleep(50)
    expect(client.received).toBe("")
    proceed()
    expect(parseAnswer(await client.end()).body).toBe("x")
  })

  test("S7: a second call without an error is fatal", async () => {
    const { port, errors } = await serveUnlinted((_environ, startResponse) => {
      startResponse("200 OK", [])
      startResponse("201 Created", [])
      return []
    })
    expect((await get(port, "/")).status).toMatch(/ 500 /)
    expect(errors[0]).toContain("second time")
  })

  test("S8: a second call with an error replaces status and headers before they were sent", async () => {
    const { port, errors } = await serve((_environ, startResponse) => {
      startResponse("200 OK", [
        ["X-Old", "1"],
        ["Content-Length", "3"],
      ])
      try {
        throw new Error("changed my mind")
      } catch (error) {
        startResponse("503 Service Unavailable", [["X-New", "1"]], error as Error)
      }
      return [encode("sorry")]
    })
    const answer = await get(port, "/")
    expect(answer.status).toBe("HTTP/1.1 503 Service Unavailable")
    expect([answer.header("x-old"), answer.header("x-new"), answer.header("content-length")]).toEqual([
      undefined,
      "1",
      "5",
    ])
    expect(errors).toEqual([])
  })

  test("S9: after the head was sent, the error is thrown back and the connection breaks off", async () => {
    const error = new Error("too late")
    let thrown: unknown
    const { port, errors } = await serve(async function* (_environ, startResponse) {
      startResponse("200 OK", [])
      yield encode("begun")
      try {
        startResponse("500 Oops", [], error)
      } catch (caught) {
        thrown = caught
        throw caught
      }
    } as Application)
    const text = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    expect(thrown).toBe(error)
    expect(text).toContain("begun")
    expect(text.endsWith("0\r\n\r\n")).toBe(false)
    expect(errors).toHaveLength(1)
  })

  test("S9: an application that swallows it and goes on is broken off all the same", async () => {
    const { port, errors } = await serveUnlinted(async function* (_environ, startResponse) {
      startResponse("200 OK", [])
      yield encode("begun")
      try {
        startResponse("500 Oops", [], new Error("too late"))
      } catch {}
      yield encode("and on")
    } as Application)
    const text = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    expect(text).not.toContain("and on")
    expect(text.endsWith("0\r\n\r\n")).toBe(false)
    expect(errors).toHaveLength(1)
  })

  test("S10: no reference to the error is kept", async () => {
    let reference: WeakRef<Error> | undefined
    let hold: (() => void) | undefined
    const { port } = await serve(async function* (_environ, startResponse: StartResponse) {
      startResponse("200 OK", [])
      const fail = () => {
        const error = new Error("big")
        reference = new WeakRef(error)
        startResponse("503 Service Unavailable", [], error)
      }
      fail()
      await new Promise<void>((resolve) => {
        hold = resolve
      })
      yield encode("x")
    } as Application)
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    while (hold === undefined) await sleep(5)
    const collect = (globalThis as { gc?: () => void }).gc as () => void
    for (let i = 0; i < 10; i++) {
      await sleep(5)
      collect()
    }
    expect(reference?.deref()).toBeUndefined()
    hold()
    expect(parseAnswer(await client.end()).status).toMatch(/ 503 /)
  })

  test("S11: may be called late, in the first step of the iteration", async () => {
    const { port } = await serve(async function* (_environ, startResponse) {
      yield encode("")
      startResponse("202 Accepted", [])
      yield encode("late")
    } as Application)
    const answer = await get(port, "/")
    expect([answer.status, answer.body]).toEqual(["HTTP/1.1 202 Accepted", "late"])
  })

  test.each([
    ["a chunk came first", () => [encode("x")]],
    ["the body was empty", () => []],
    ["the generator was empty", async function* () {}],
  ])("S12: never called is a 500: %s", async (_what, app) => {
    const { port, errors } = await serveUnlinted(app as unknown as Application)
    expect((await get(port, "/")).status).toMatch(/ 500 /)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("did not call startResponse")
  })

  test("S13: a call after the response is over throws", async () => {
    let late: StartResponse | undefined
    const { port } = await serveUnlinted((_environ, startResponse) => {
      late = startResponse
      startResponse("200 OK", [])
      return []
    })
    await get(port, "/")
    expect(() => late?.("200 OK", [])).toThrow("after the response was over")
    expect(() => late?.("200 OK", [], new Error("x"))).toThrow("after the response was over")
  })

  test.each([
    "Connection",
    "keep-alive",
    "Proxy-Authenticate",
    "proxy-authorization",
    "TE",
    "trailer",
    "Transfer-Encoding",
    "upgrade",
    "Proxy-Connection",
  ])("S14: refuses the hop-by-hop header %s", async (name) => {
    expect((await refusal("200 OK", [[name, "x"]])).thrown).toBeInstanceOf(TypeError)
  })

  test("S15: Date is added, once, in any case", async () => {
    const { port } = await serve((environ, startResponse) => {
      startResponse("200 OK", environ.PATH_INFO === "/own" ? [["date", "Tue, 14 Nov 2023 22:13:20 GMT"]] : [])
      return []
    })
    const dates = async (path: string) => (await get(port, path)).fields.filter(([name]) => name === "date")
    expect(await dates("/own")).toEqual([["date", "Tue, 14 Nov 2023 22:13:20 GMT"]])
    expect(await dates("/")).toHaveLength(1)
  })

  test("S15: no header tells the server's name or version", async () => {
    const { port } = await serve(answering("x"))
    const names = (await get(port, "/")).fields.map(([name]) => name)
    expect(names.filter((name) => name === "server" || name === "x-powered-by")).toEqual([])
  })
})
