import { AsyncLocalStorage } from "node:async_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { inspect } from "node:util"
import { describe, expect, expectTypeOf, test } from "vitest"
import { inputFrom } from "../src/environ/input.ts"
import type { Body, Environ } from "../src/gateway.ts"
import {
  getCurrentObject,
  isBound,
  Local,
  LocalManager,
  LocalStack,
  localProxy,
  releaseLocal,
  runWithContext,
  withContext,
} from "../src/local.ts"
import { isolation } from "./load/isolation.ts"

describe("a context", () => {
  test("begins with the values around it and gives nothing back", async () => {
    const local = new Local<{ a: number; b: number }>()
    const stack = new LocalStack<number>()
    await runWithContext(async () => {
      local.set("a", 1)
      stack.push(1)
      await runWithContext(async () => {
        expect([local.get("a"), stack.top]).toEqual([1, 1])
        local.set("a", 2).set("b", 2)
        stack.push(2)
        await sleep(1)
        expect([...local]).toEqual([
          ["a", 2],
          ["b", 2],
        ])
        expect([...stack]).toEqual([1, 2])
        local.delete("a")
        stack.pop()
        stack.pop()
      })
      expect([...local]).toEqual([["a", 1]])
      expect([...stack]).toEqual([1])
    })
    expect([local.size, stack.size]).toEqual([0, 0])
  })

  test("is shared by what starts in it, and not with calls beside it", async () => {
    const local = new Local<{ id: number }>()
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        runWithContext(async () => {
          await sleep(3 - id)
          local.set("id", id)
          const timer = new Promise((resolve) => setTimeout(() => resolve(local.get("id")), 2))
          await Promise.resolve()
          return [local.get("id"), await timer]
        }),
      ),
    )
    expect(seen).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expect(local.get("id")).toBeUndefined()
  })

  test("passes on results and errors", async () => {
    expect(runWithContext(() => 1)).toBe(1)
    expect(() => runWithContext(() => abortWith("x"))).toThrow("x")
    await expect(runWithContext(async () => abortWith("y"))).rejects.toThrow("y")
  })

  function abortWith(text: string): never {
    throw new Error(text)
  }
})

describe("a Local", () => {
  interface Values {
    user: string
    count?: number
  }
  const local = new Local<Values>()

  test("has the verbs of a Map, typed by name", () => {
    runWithContext(() => {
      expect(local.has("user")).toBe(false)
      expect(local.set("user", "Ada").getOrThrow("user")).toBe("Ada")
      expect(local.has("user")).toBe(true)
      expect([...local]).toEqual([["user", "Ada"]])
      expect(local.delete("user")).toBe(true)
      expect(local.delete("user")).toBe(false)
      expect(local.size).toBe(0)
      expectTypeOf(local.get("user")).toEqualTypeOf<string | undefined>()
      // @ts-expect-error no such name
      local.get("usr")
    })
  })

  test("is empty where there is no context, and cannot be filled", () => {
    expect(local.get("user")).toBeUndefined()
    expect([local.size, [...local], local.has("user"), local.delete("user")]).toEqual([0, [], false, false])
    expect(() => local.set("user", "Ada")).toThrow(ReferenceError)
    expect(() => local.getOrThrow("user")).toThrow(/"user"/)
  })

  test("takes any name", () => {
    const open = new Local()
    runWithContext(() => {
      expect([open.get("__proto__"), open.get("constructor"), open.has("toString")]).toEqual([
        undefined,
        undefined,
        false,
      ])
      open.set("__proto__", 1)
      expect(open.get("__proto__")).toBe(1)
    })
  })

  test("does not change under an iteration", () => {
    runWithContext(() => {
      local.set("user", "a").set("count", 1)
      for (const [name] of local) local.delete(name)
      expect(local.size).toBe(0)
    })
  })

  test("is a thing of its own beside another Local", () => {
    const other = new Local<Values>()
    runWithContext(() => {
      local.set("user", "a")
      expect(other.get("user")).toBeUndefined()
      releaseLocal(local)
      expect(local.get("user")).toBeUndefined()
    })
    releaseLocal(local)
  })
})

test("a LocalStack is pushed and popped, and gives undefined when it is empty", () => {
  const stack = new LocalStack<number>()
  expect([stack.top, stack.pop(), stack.size]).toEqual([undefined, undefined, 0])
  expect(() => stack.push(1)).toThrow(ReferenceError)
  runWithContext(() => {
    stack.push(1).push(2)
    expect([stack.top, stack.size, stack.pop(), stack.top, stack.pop(), stack.pop()]).toEqual([
      2,
      2,
      2,
      1,
      1,
      undefined,
    ])
    stack.push(3)
    releaseLocal(stack)
    expect([...stack]).toEqual([])
  })
})

describe("a proxy", () => {
  class Person {
    static species = "human"
    #secret = 42
    name: string
    constructor(name = "") {
      this.name = name
    }
    get secret() {
      return this.#secret
    }
    reveal(this: Person) {
      return this.#secret
    }
    rename(name: string) {
      this.name = name
      return this
    }
    async later() {
      await sleep(1)
      return this.name
    }
    toString() {
      return `<${this.name}>`
    }
  }

  test("stands for the value that is current at the moment of use", () => {
    const stack = new LocalStack<Person>()
    const person = stack.proxy()
    expectTypeOf(person).toEqualTypeOf<Person>()
    runWithContext(() => {
      stack.push(new Person("Ada"))
      expect(person.name).toBe("Ada")
      stack.push(new Person("Bob"))
      expect(person.name).toBe("Bob")
      stack.pop()
      expect(person.name).toBe("Ada")
    })
  })

  test("reads, writes, deletes and lists the properties of the object", () => {
    const object: Record<string, unknown> = { a: 1 }
    const proxy = localProxy(() => object)
    proxy["b"] = 2
    Object.defineProperty(proxy, "c", { value: 3, enumerable: true })
    delete proxy["a"]
    expect(object).toEqual({ b: 2, c: 3 })
    expect("b" in proxy && !("a" in proxy)).toBe(true)
    expect(Object.keys(proxy)).toEqual(["b", "c"])
    expect({ ...proxy }).toEqual({ b: 2, c: 3 })
    expect(JSON.stringify(proxy)).toBe('{"b":2,"c":3}')
    expect(Object.getOwnPropertyDescriptor(proxy, "b")).toMatchObject({ value: 2, writable: true })
    expect(Object.entries(proxy)).toEqual([
      ["b", 2],
      ["c", 3],
    ])
  })

  test("calls methods and getters with the object as this, private fields and all", async () => {
    const object = new Person("Ada")
    const proxy = localProxy(() => object)
    expect([proxy.secret, proxy.reveal(), `${proxy}`, await proxy.later()]).toEqual([42, 42, "<Ada>", "Ada"])
    expect(proxy.rename("Eve")).toBe(object)
    expect(proxy.reveal).toBe(proxy.reveal)
    expect(Reflect.apply(proxy.reveal, new Person(), [])).toBe(42)
    expect(localProxy(() => new Map([["a", 1]])).get("a")).toBe(1)
    expect(localProxy(() => new Date(0)).getTime()).toBe(0)
    expect(+localProxy(() => new Date(5))).toBe(5)
  })

  test("has the class of the object", () => {
    const proxy = localProxy(() => new Person())
    expect(proxy).toBeInstanceOf(Person)
    expect(Object.getPrototypeOf(proxy)).toBe(Person.prototype)
    expect((proxy.constructor as typeof Person).species).toBe("human")
    expect(new (proxy.constructor as typeof Person)("x").name).toBe("x")
  })

  test("iterates, also asynchronously, and can be awaited", async () => {
    expect([...localProxy(() => [1, 2])]).toEqual([1, 2])
    async function* numbers() {
      yield 1
      yield 2
    }
    const seen: number[] = []
    for await (const number of localProxy(numbers)) seen.push(number)
    expect(seen).toEqual([1, 2])
    const promise = Promise.resolve(7)
    expect(await localProxy(() => promise)).toBe(7)
    const object = { a: 1 }
    const proxy = localProxy(() => object)
    expect(await proxy).toBe(proxy)
  })

  test("is called and makes instances when it is made for that", () => {
    const add = localProxy(() => (a: number, b: number) => a + b, { callable: true })
    expect([add(1, 2), typeof add, add.length]).toEqual([3, "function", 2])
    const Type = localProxy(() => Person, { callable: true })
    expect(new Type("x")).toBeInstanceOf(Person)
    class Student extends Type {}
    expect(new Student("y")).toBeInstanceOf(Student)
    const plain = localProxy(() => () => 1)
    expect(() => plain()).toThrow(TypeError)
  })

  test("does arithmetic with a value that is no object", () => {
    const [number, text] = [localProxy(() => 42), localProxy(() => "abc")]
    expect([number + 1, number > 41, `${text}!`, text.length, text.toUpperCase()]).toEqual([43, true, "abc!", 3, "ABC"])
  })

  test("shows the object when it is inspected", () => {
    expect(inspect(localProxy(() => ({ a: 1 })))).toBe("{ a: 1 }")
    expect(inspect([localProxy(() => undefined)])).toBe("[ <LocalProxy unbound> ]")
  })

  test("takes an AsyncLocalStorage for its source", () => {
    const storage = new AsyncLocalStorage<{ id: number }>()
    const proxy = localProxy(storage)
    expect(storage.run({ id: 1 }, () => proxy.id)).toBe(1)
    expect(isBound(proxy)).toBe(false)
  })

  test("without an object throws from every use, but for what a debugger does", async () => {
    const local = new Local<{ user: { name: string } }>()
    const proxy = local.proxy("user")
    expect(() => proxy.name).toThrow(/nothing is set as "user"/)
    expect(() => {
      proxy.name = "x"
    }).toThrow(ReferenceError)
    expect(() => delete (proxy as { name?: string }).name).toThrow(ReferenceError)
    expect(() => `${proxy}`).toThrow(ReferenceError)
    expect(() => Object.defineProperty(proxy, "a", {})).toThrow(ReferenceError)
    const call = localProxy<() => void>(() => undefined, { callable: true, unboundMessage: "no call" })
    expect(() => call()).toThrow("no call")
    expect(Object.keys(proxy)).toEqual([])
    expect("name" in proxy).toBe(false)
    expect(Object.getOwnPropertyDescriptor(proxy, "name")).toBeUndefined()
    expect(Object.is(await proxy, proxy)).toBe(true)
    expect(isBound(proxy)).toBe(false)
    expect(() => getCurrentObject(proxy)).toThrow(/"user"/)
  })

  test("gives its object, and tells whether there is one", () => {
    const object = { a: 1 }
    const proxy = localProxy(() => object)
    expect(getCurrentObject(proxy)).toBe(object)
    expect(isBound(proxy)).toBe(true)
    expect(isBound(localProxy(() => false))).toBe(true)
    expect(isBound(localProxy(() => null))).toBe(false)
    expect(() => getCurrentObject(object)).toThrow(TypeError)
    expect(() => isBound(object)).toThrow(TypeError)
  })

  test("cannot be frozen, since the object cannot be seen to be", () => {
    const object = { a: 1 }
    expect(() => Object.freeze(localProxy(() => object))).toThrow(TypeError)
    expect(Object.isFrozen(localProxy(() => Object.freeze({ a: 1 })))).toBe(false)
    expect(Object.keys(localProxy(() => Object.freeze({ a: 1 })))).toEqual(["a"])
  })
})

describe("withContext", () => {
  const environ = {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": inputFrom(new Uint8Array()),
    "wsgi.errors": { write() {}, writeLines() {}, flush() {} },
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
  } satisfies Environ
  const start = () => async () => {}
  const local = new Local<{ id: string }>()

  async function chunksOf(body: Body): Promise<number> {
    let count = 0
    for await (const _ of body) count++
    return count
  }

  test("covers the call, each step of the body, its end and its close", async () => {
    const seen: (string | undefined)[] = []
    const note = () => void seen.push(local.get("id"))
    const bodies: Body[] = [
      {
        *[Symbol.iterator]() {
          note()
          yield new Uint8Array(1)
          note()
        },
        close: note,
      },
      {
        async *[Symbol.asyncIterator]() {
          note()
          yield new Uint8Array(1)
          await sleep(1)
          note()
        },
        async close() {
          await sleep(1)
          note()
        },
      },
      Object.assign([new Uint8Array(1)], { close: note }),
    ]
    for (const [index, body] of bodies.entries()) {
      seen.length = 0
      const app = withContext(() => {
        local.set("id", `${index}`)
        return body
      })
      const wrapped = await app(environ, start)
      expect(await chunksOf(wrapped)).toBe(1)
      await wrapped.close?.()
      expect(seen).toEqual(Array(index === 2 ? 1 : 3).fill(`${index}`))
    }
    expect(local.get("id")).toBeUndefined()
  })

  test("covers an iteration that is left early", async () => {
    const seen: unknown[] = []
    const app = withContext(async () => {
      local.set("id", "x")
      return {
        *[Symbol.iterator]() {
          try {
            yield new Uint8Array(1)
          } finally {
            seen.push(local.get("id"))
          }
        },
      }
    })
    for await (const _ of await app(environ, start)) break
    expect(seen).toEqual(["x"])
  })

  test("leaves an array as it is", async () => {
    const body = [new Uint8Array(1)]
    expect(withContext(() => body)(environ, start)).toBe(body)
    expect(await withContext(async () => body)(environ, start)).toBe(body)
  })

  test("adds no return() to an iterator that has none", async () => {
    const body: Body = { [Symbol.iterator]: () => ({ next: () => ({ done: true, value: undefined }) }) }
    const wrapped = (await withContext(() => body)(environ, start)) as Iterable<Uint8Array>
    expect("return" in wrapped[Symbol.iterator]()).toBe(false)
    expect(wrapped).not.toHaveProperty("close")
  })
})

describe("a LocalManager", () => {
  const local = new Local<{ id: string }>()
  const other = new LocalStack<string>()
  const manager = new LocalManager([local, other])

  test("releases its locals in the current context", () => {
    runWithContext(() => {
      local.set("id", "x")
      other.push("y")
      manager.cleanup()
      expect([local.size, other.size]).toEqual([0, 0])
    })
    manager.cleanup()
  })

  test.each([
    ["the body is closed", false, false],
    ["the application throws", true, false],
    ["the application rejects", true, true],
  ])("releases them when %s", async (_when, fails, late) => {
    const seen: unknown[] = []
    let later: Promise<void> | undefined
    const app = manager.makeMiddleware(() => {
      local.set("id", "x")
      later = sleep(5).then(() => void seen.push(local.get("id")))
      if (late) return Promise.reject(new Error("boom"))
      if (fails) throw new Error("boom")
      return Object.assign([new Uint8Array()], { close: () => void seen.push(local.get("id")) })
    })
    const body = (async () => app({} as Environ, () => async () => {}))()
    if (fails) await expect(body).rejects.toThrow("boom")
    else await (await body).close?.()
    await later
    expect(seen).toEqual(fails ? [undefined] : ["x", undefined])
  })
})

test("no request sees a value of another, also after waiting", async () => {
  const { answered, aborted, looks, wrong } = await isolation(32, 1500)
  expect(wrong).toEqual([])
  expect(answered).toBeGreaterThan(0)
  expect(aborted).toBeGreaterThan(0)
  expect(looks).toBeGreaterThan(20 * answered)
})
