import { describe, expect, expectTypeOf, test } from "vitest"
import { MethodNotAllowed, NotFound } from "../../src/exceptions/statuses.ts"
import {
  AllowedMethods,
  after as behind,
  form,
  before as inFront,
  RequestRedirect,
  RuleMap,
  routes,
  rule,
  views,
} from "../../src/routing/index.ts"
import { Client } from "../../src/testing/client.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"

const index = () => new Response("index")
const article = (_: Request, { year, slug }: { year: number; slug: string }) => new Response(`${slug} ${year + 1}`)

async function ask(view: (request: Request) => Response | Promise<Response>, path: string, method = "GET") {
  const response = await new Client(Request.application(view)).open(path, { method })
  return { code: response.statusCode, text: await response.text(), allow: response.headers.get("Allow") }
}

describe("a map whose endpoints are views", () => {
  const urls = new RuleMap([
    rule("/", index),
    rule("/<int:year>/<slug>", article),
    rule("/post", () => new Response("posted"), { methods: ["POST"] }),
    rule("/dir/", index),
  ])

  test("runs in two lines", async () => {
    const view = views(urls)
    expectTypeOf(view).toBeCallableWith({} as Request)
    expectTypeOf(view).returns.toEqualTypeOf<Response>()
    expect((await ask(view, "/")).text).toBe("index")
    expect((await ask(view, "/2026/spring")).text).toBe("spring 2027")
    expect((await ask(view, "/nope")).code).toBe(404)
    expect((await ask(view, "/dir")).code).toBe(308)
    expect(await ask(view, "/post", "OPTIONS")).toMatchObject({ code: 405, allow: "POST" })
  })

  test("hands the bound map to its views", () => {
    const linking = new RuleMap([
      rule(
        "/<x>",
        (_: { environ: object }, { x }: { x: string }, at: { scriptName: string }) => `${at.scriptName}${x}`,
      ),
    ])
    const environ = { REQUEST_METHOD: "GET", SCRIPT_NAME: "/app", PATH_INFO: "/y" }
    expect(views(linking)({ environ, host: "h" } as never)).toBe("/app/y")
  })

  test("is refused where an endpoint is no view, or takes other values", () => {
    // @ts-expect-error: the endpoint is a text
    expect(() => views(new RuleMap([rule("/", "index")]))).toThrow("The endpoint index is no view")
    // @ts-expect-error: there is no year
    expect(views(new RuleMap([rule("/<slug>", article)]))).toBeTypeOf("function")
    // @ts-expect-error: the year is a text
    expect(views(new RuleMap([rule("/<year>/<slug>", article)]))).toBeTypeOf("function")
    // @ts-expect-error: no map
    expect(() => views([])).toThrow("views takes a RuleMap, or what routes(...) has made, not an array")
    // @ts-expect-error: it is called automaticOptions
    expect(() => views(urls, { automaticOption: true })).toThrow('Did you mean "automaticOptions"?')
  })
})

describe("views beside routes", () => {
  const urls = routes({ home: "/", blog: { show: "/blog/<int:id>" }, contact: form("contact") })
  const contact = { index: () => new Response("form"), action: () => new Response("sent") }

  test("are found by their names, and know the values", async () => {
    const view = views(urls, {
      home: () => new Response("home"),
      blog: {
        show: (request: Request, { id }) => {
          expectTypeOf(id).toEqualTypeOf<number>()
          return new Response(`${request.method} ${id}`)
        },
      },
      contact,
    })
    expect((await ask(view, "/")).text).toBe("home")
    expect((await ask(view, "/blog/5")).text).toBe("GET 5")
    expect((await ask(view, "/contact")).text).toBe("form")
    expect((await ask(view, "/contact", "POST")).text).toBe("sent")
  })

  test("are complete, and no more", () => {
    // @ts-expect-error: blog is missing
    expect(() => views(urls, { home: index, contact })).toThrow("The view blog.show is missing")
    // @ts-expect-error: home is no function
    expect(() => views(urls, { home: "x", blog: { show: index }, contact })).toThrow('The view home is "x"')
    const more = { home: index, blog: { show: index, shwo: index }, contact }
    expect(() => views(urls, more)).toThrow("There is no route for the view blog.shwo")
    const wrong = { show: (_: Request, { id }: { id: string }) => id }
    // @ts-expect-error: the id is a number
    expect(views(urls, { home: index, blog: wrong, contact })).toBeDefined()
  })
})

describe("automatic OPTIONS", () => {
  const urls = new RuleMap([
    rule("/a", index, { methods: ["GET"] }),
    rule("/a", index, { methods: ["PUT"] }),
    rule("/own", () => new Response("own"), { methods: ["OPTIONS"] }),
    rule("/any", () => new Response("any")),
  ])

  test("is 200 with Allow, by option", async () => {
    const view = views(urls, { automaticOptions: true })
    expect(await ask(view, "/a", "OPTIONS")).toEqual({ code: 200, text: "", allow: "GET, HEAD, PUT, OPTIONS" })
    expect(await ask(view, "/a", "DELETE")).toMatchObject({ code: 405, allow: "GET, HEAD, PUT, OPTIONS" })
    expect((await ask(view, "/own", "OPTIONS")).text).toBe("own")
    expect((await ask(view, "/any", "OPTIONS")).text).toBe("any")
    expect((await ask(view, "/nope", "OPTIONS")).code).toBe(404)
    expect(await ask(views(urls), "/a", "OPTIONS")).toMatchObject({ code: 405, allow: "GET, HEAD, PUT" })
  })

  test("is returned by dispatch", () => {
    const at = urls.bind("h")
    const answer = at.dispatch(() => "view", { pathInfo: "/a", method: "options", automaticOptions: true })
    expect(answer).toBeInstanceOf(AllowedMethods)
    expect((answer as AllowedMethods).methods).toEqual(["GET", "HEAD", "PUT", "OPTIONS"])
    expect(() => at.dispatch(() => "view", { pathInfo: "/a", method: "OPTIONS" })).toThrow(MethodNotAllowed)
    expect(() => at.dispatch(() => "view", { pathInfo: "/x", method: "OPTIONS", automaticOptions: true })).toThrow(
      NotFound,
    )
  })
})

describe("hooks", () => {
  const view = (name: string, _more: number): string => name

  test("before answers, or lets the view", () => {
    const guarded = inFront(view, (name) => (name === "x" ? 5 : undefined))
    expectTypeOf(guarded).toEqualTypeOf<(name: string, _more: number) => string | 5>()
    expect(guarded("x", 1)).toBe(5)
    expect(guarded("y", 1)).toBe("y")
    const silent = inFront(view, () => {})
    expectTypeOf(silent).returns.toEqualTypeOf<string>()
    expect(silent("y", 1)).toBe("y")
  })

  test("before may wait", async () => {
    const guarded = inFront(view, async (name) => (name === "x" ? 5 : undefined))
    expectTypeOf(guarded).returns.toEqualTypeOf<Promise<string | 5>>()
    expect(await guarded("x", 1)).toBe(5)
    expect(await guarded("y", 1)).toBe("y")
  })

  test("after changes the answer, or leaves it", async () => {
    const seen: unknown[] = []
    const watched = behind(view, (result, ...args) => {
      seen.push(result, ...args)
    })
    expectTypeOf(watched).returns.toEqualTypeOf<string>()
    expect(watched("x", 1)).toBe("x")
    expect(seen).toEqual(["x", "x", 1])
    const changed = behind(view, (result) => result.length)
    expect(changed("abc", 1)).toBe(3)
    const late = behind(
      async (name: string) => name,
      async (result) => `${result}!`,
    )
    expectTypeOf(late).returns.toEqualTypeOf<Promise<string>>()
    expect(await late("x")).toBe("x!")
    expect(
      await behind(
        async (name: string) => name,
        () => {},
      )("x"),
    ).toBe("x")
  })

  test("stand around all views, or around one", async () => {
    const urls = routes({ home: "/", secret: "/secret/<int:id>" })
    const all = behind(
      inFront(
        views(urls, {
          home: (_: Request) => new Response("home"),
          secret: inFront(
            (_: Request, { id }: { id: number }) => new Response(`secret ${id}`),
            (request) => (request.headers.has("Authorization") ? undefined : new Response("no", { status: 401 })),
          ),
        }),
        (request) => (request.path === "/early" ? new Response("early") : undefined),
      ),
      (response) => {
        response.headers.set("X-Seen", "1")
      },
    )
    expect((await ask(all, "/")).text).toBe("home")
    expect((await ask(all, "/secret/1")).code).toBe(401)
    expect((await ask(all, "/early")).text).toBe("early")
    const response = await new Client(Request.application(all)).get("/")
    expect(response.headers.get("X-Seen")).toBe("1")
    expect(() => all(new Request({ REQUEST_METHOD: "GET", PATH_INFO: "/secret//1" } as never))).toThrow(RequestRedirect)
  })
})
