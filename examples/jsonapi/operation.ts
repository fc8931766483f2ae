// A view with a description: what it takes is checked by it before the view runs, and the OpenAPI document is made of it, so the
// two can't disagree.

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec"
import type { Request, Response } from "werkstatt"
import { Invalid } from "./problems.ts"

/** Of a library that checks values and can write its schemas as JSON Schema. */
export interface Schema<Output = unknown> {
  readonly "~standard": StandardSchemaV1.Props<unknown, Output> & StandardJSONSchemaV1.Props<unknown, Output>
}

export interface Description<Query = unknown, Body = unknown> {
  readonly summary: string
  readonly query?: Schema<Query>
  readonly body?: Schema<Body>
  /** Of the answer when all is well. */
  readonly status: number
  readonly answer?: Schema
  /** Statuses of problems that may come, besides those that follow from the rest. */
  readonly problems?: readonly number[]
  /** Whether `If-Match` must be sent. */
  readonly needsMatch?: boolean
}

export interface Operation<Values> {
  (request: Request, values: Values): Promise<Response>
  readonly description: Description
}

/** What the schemas have made of the request. */
interface Input<Query, Body> {
  readonly query: Query
  readonly body: Body
}

export function operation<Values, Query, Body>(
  description: Description<Query, Body>,
  view: (request: Request, values: Values, input: Input<Query, Body>) => Response | Promise<Response>,
): Operation<Values> {
  const checked = async (request: Request, values: Values): Promise<Response> => {
    const query = await check(description.query, () => Object.fromEntries(request.args))
    const body = await check(description.body, () => request.json())
    return view(request, values, { query, body })
  }
  return Object.assign(checked, { description })
}

async function check<Output>(schema: Schema<Output> | undefined, read: () => unknown): Promise<Output> {
  if (schema === undefined) return undefined as Output
  const result = await schema["~standard"].validate(await read())
  if (result.issues !== undefined) throw new Invalid(result.issues)
  return result.value
}

export function isOperation(view: unknown): view is Operation<never> {
  return typeof view === "function" && "description" in view
}
