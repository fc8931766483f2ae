// A framework in the manner of Koa in one file: middleware in the order of an onion, around a context.
//
// GET /      -> 200 Hello Koa
// GET /boom  -> 500 caught: boom
// GET /none  -> 404 Not Found

import { type Application, HTTPException, Request, Response } from "werkstatt"

export interface Context {
  request: Request
  status: number
  body: string
  /** Headers of the answer, by name. */
  headers: Map<string, string>
}

export type Next = () => Promise<void>
export type Middleware = (context: Context, next: Next) => Promise<void> | void

export class Koa {
  readonly #middleware: Middleware[] = []

  use(middleware: Middleware): this {
    this.#middleware.push(middleware)
    return this
  }

  /** The gateway application. The chain is folded for each request from the inside out. */
  get application(): Application {
    return Request.application(async (request) => {
      const context: Context = { request, status: 404, body: "Not Found", headers: new Map() }
      const run = this.#middleware.reduceRight<Next>(
        (next, middleware) => async () => middleware(context, next),
        async () => {},
      )
      await run()
      return new Response(context.body, { status: context.status, headers: [...context.headers] })
    })
  }
}

export const app = new Koa()
  .use(async (context, next) => {
    const before = performance.now()
    await next()
    context.headers.set("Server-Timing", `total;dur=${(performance.now() - before).toFixed(1)}`)
  })
  .use(async (context, next) => {
    try {
      await next()
    } catch (error) {
      if (error instanceof HTTPException) throw error
      context.status = 500
      context.body = `caught: ${(error as Error).message}`
    }
  })
  .use(async (context, next) => {
    if (context.request.path === "/boom") throw new Error("boom")
    if (context.request.path !== "/") return next()
    context.status = 200
    context.body = "Hello Koa"
  }).application
