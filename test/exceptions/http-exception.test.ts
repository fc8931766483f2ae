import { spawnSync } from "node:child_process"
import { describe, expect, test } from "vitest"
import { HTTPException, type Problem, Response } from "../../src/exceptions/index.ts"
import { BadRequest, MethodNotAllowed, NotFound } from "../../src/exceptions/statuses.ts"
import type { Environ, HeaderList } from "../../src/gateway.ts"
import { SafeHtml } from "../../src/http/html.ts"
import { Request } from "../../src/wrappers/request.ts"
import { answer, headerOf, request } from "./answer.ts"

const JSON_CLIENT = { HTTP_ACCEPT: "application/json" }

describe("an HTTP error", () => {
  test("is an Error with code, name and message, and a stack trace that starts with them", () => {
    const error = new NotFound("nothing here")
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ code: 404, name: "Not Found", message: "nothing here", description: "nothing here" })
    expect(error.stack).toMatch(/^Not Found: /)
  })

  test("in text is code, name and description", () => {
    expect(String(new NotFound("nothing here"))).toBe("404 Not Found: nothing here")
    expect(String(new HTTPException("d"))).toBe("??? Unknown: d")
    expect(String(new HTTPException())).toBe("??? Unknown")
  })

  test("takes its description from the class, from the constructor, or later", () => {
    const error = new BadRequest()
    expect(error.description).toBe(BadRequest.description)
    error.description = "later"
    expect(error.description).toBe("later")
    error.description = undefined
    expect(error.description).toBe(BadRequest.description)
    expect(new BadRequest("").description).toBe("")
    expect(new BadRequest({ description: "option" }).description).toBe("option")
  })

  test("keeps its cause, and has none when none is given", () => {
    const cause = new Error("why")
    expect(new NotFound({ cause }).cause).toBe(cause)
    expect("cause" in new NotFound("x")).toBe(false)
  })
})

describe("its page", () => {
  test("is HTML with charset, nosniff and length", async () => {
    const page = await answer(new NotFound("gone fishing"))
    expect(page.status).toBe("404 Not Found")
    expect(page.headers).toEqual([
      ["Content-Type", "text/html; charset=utf-8"],
      ["X-Content-Type-Options", "nosniff"],
      ["Content-Length", "99"],
    ])
    expect(page.text).toBe(
      "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>gone fishing</p>\n",
    )
  })

  test("escapes the description and breaks its lines", async () => {
    const { text } = await answer(new NotFound(`<script>alert('x')</script>\n"&"`))
    expect(text).toContain("<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;<br>&#34;&amp;&#34;</p>")
  })

  test("leaves a description alone that is marked as HTML", async () => {
    const error = new NotFound(new SafeHtml("<b>bold</b>"))
    expect((await answer(error)).text).toContain("<p><b>bold</b></p>")
    expect(String(error)).toBe("404 Not Found: <b>bold</b>")
  })

  test("counts bytes, not characters", async () => {
    const page = await answer(new NotFound("é 日本"))
    expect(headerOf(page, "Content-Length")).toBe("96")
    expect(page.text).toContain("<p>é 日本</p>")
  })

  test("has the same head for a HEAD request, and no body", async () => {
    const [get, head] = [
      await answer(new NotFound()),
      await answer(new NotFound(), request({ REQUEST_METHOD: "HEAD" })),
    ]
    expect(head).toEqual({ ...get, text: "" })
  })

  test("is a problem document for a client that prefers JSON", async () => {
    const page = await answer(new NotFound("<gone>"), request(JSON_CLIENT))
    expect(headerOf(page, "Content-Type")).toBe("application/problem+json")
    expect(headerOf(page, "X-Content-Type-Options")).toBe("nosniff")
    expect(headerOf(page, "Vary")).toBe("Accept")
    expect(JSON.parse(page.text)).toEqual({ type: "about:blank", title: "Not Found", status: 404, detail: "<gone>" })
  })

  test("has no detail in JSON when the description is HTML or empty", () => {
    expect(new NotFound(new SafeHtml("<b>x</b>")).getProblem()).not.toHaveProperty("detail")
    expect(new NotFound("").getProblem()).not.toHaveProperty("detail")
  })

  test("is a 500 when there is no code", async () => {
    expect((await answer(new HTTPException("d"))).status).toBe("500 Internal Server Error")
  })

  test("is replaced by a response, which is answered as it is", async () => {
    const response = new BadRequest("mine")
    const error = new NotFound({ response })
    expect(error.getResponse()).toBe(response)
    expect(await answer(error)).toEqual(await answer(response))
  })

  test("is made for the environ that getResponse was given", async () => {
    const environ = request(JSON_CLIENT)
    const page = await answer(new NotFound().getResponse(environ))
    expect(headerOf(page, "Content-Type")).toBe("application/problem+json")
    expect(headerOf(await answer(new NotFound().getResponse()), "Content-Type")).toBe("text/html; charset=utf-8")
  })
})

describe("getResponse", () => {
  test("gives a Response with the page, which can be changed and then answers", async () => {
    const environ = request()
    const response = new NotFound("<gone>").getResponse(environ)
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.statusCode, response.mimetype]).toEqual(["404 Not Found", 404, "text/html"])
    expect(await response.text()).toContain("<p>&lt;gone&gt;</p>")
    response.setData(JSON.stringify({ code: 404 }))
    response.contentType = "application/json"
    response.setCookie("seen", "1")
    const page = await answer(response, environ)
    expect([page.status, page.text]).toEqual(["404 Not Found", '{"code":404}'])
    expect(headerOf(page, "Content-Type")).toBe("application/json")
    expect(headerOf(page, "Content-Length")).toBe("12")
    expect(headerOf(page, "Set-Cookie")).toBe("seen=1; Path=/")
  })

  test("gives a new one each time, of which the error knows nothing", async () => {
    const error = new NotFound()
    const response = error.getResponse()
    response.statusCode = 410
    expect(error.getResponse()).not.toBe(response)
    expect((await answer(error)).status).toBe("404 Not Found")
  })

  test("takes a request in the place of its environ", async () => {
    const environ = request(JSON_CLIENT)
    const response = new NotFound().getResponse(new Request(environ))
    expect(response.mimetype).toBe("application/problem+json")
    expect(await response.text()).toBe(await new NotFound().getResponse(environ).text())
  })

  test.each([
    ["NotFound", () => new NotFound("a")],
    ["an error without a code", () => new HTTPException("a")],
    ["MethodNotAllowed, whose header is kept", () => new MethodNotAllowed(["GET", "PUT"])],
    ["one in JSON", () => new BadRequest({ description: "b" })],
  ])("answers as the error itself does: %s", async (_, make) => {
    for (const environ of [request(), request(JSON_CLIENT), request({ REQUEST_METHOD: "HEAD" })]) {
      const [ours, theirs] = [await answer(make().getResponse(environ), environ), await answer(make(), environ)]
      expect({ ...ours, headers: [...ours.headers].sort() }).toEqual({ ...theirs, headers: [...theirs.headers].sort() })
    }
  })

  test("adds no type to headers without one", () => {
    class Bare extends NotFound {
      override getHeaders(): HeaderList {
        return [["X-A", "1"]]
      }
    }
    const response = new Bare().getResponse()
    response.setData("")
    expect(response.headers.toList()).toEqual([
      ["X-A", "1"],
      ["Content-Length", "0"],
    ])
  })

  test("can be overridden, and what it gives then answers", async () => {
    class Teapot extends NotFound {
      override getResponse(environ?: Environ): Response {
        const response = super.getResponse(environ)
        response.status = "418 Tea"
        return response
      }
    }
    expect((await answer(new Teapot())).status).toBe("418 Tea")
  })

  test("says what is missing where nothing has loaded Response", () => {
    const source = new URL("../../src/exceptions/statuses.ts", import.meta.url).href
    const script = `import { NotFound } from ${JSON.stringify(source)}; new NotFound().getResponse()`
    const { stderr, status } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    )
    expect(status).toBe(1)
    expect(stderr).toContain(
      'TypeError: getResponse gives a Response, and that class is not loaded: import it from "werkstatt',
    )
  })
})

describe("a framework", () => {
  class Melted extends HTTPException {
    static override readonly code = 530
    static override description = "Too hot."
  }

  test("adds a status with a class of two lines", async () => {
    expect((await answer(new Melted())).status).toBe("530 Unknown")
    expect(String(new Melted())).toBe("530 Unknown: Too hot.")
  })

  test("chooses the media type, adds members to the problem, and headers to the head", async () => {
    class Api extends Melted {
      override getMediaType() {
        return "application/problem+json" as const
      }
      override getProblem(environ?: Environ): Problem {
        return { ...super.getProblem(environ), path: environ?.PATH_INFO }
      }
      override getHeaders(environ?: Environ) {
        return [...super.getHeaders(environ), ["X-Oven", "1"] as [string, string]]
      }
    }
    const page = await answer(new Api())
    expect(JSON.parse(page.text)).toMatchObject({ status: 530, path: "/" })
    expect(headerOf(page, "X-Oven")).toBe("1")
  })
})
