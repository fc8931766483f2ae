// The OpenAPI document, from the rules and the descriptions of their views: paths and the types of their values from the
// former, bodies, queries and answers from the latter. OpenAPI 3.1 takes JSON Schema as it is.

import {
  AnyConverter,
  type Converter,
  FloatConverter,
  IntegerConverter,
  mapOf,
  type Rule,
  UUIDConverter,
} from "werkstatt/routing"
import { type Description, isOperation, type Schema } from "./operation.ts"

type Json = Record<string, unknown>

interface Settings {
  title: string
  version: string
  /** Schemas that have a name in the document. */
  schemas: Record<string, Schema>
  /** Of all problems. */
  problem: Schema
}

/** The document of the routes whose views, under the same names, are operations. */
export function openApi(urls: object, views: object, { title, version, schemas, problem }: Settings): Json {
  const names = new Map(Object.entries(schemas).map(([name, schema]) => [schema, name]))
  const refer = (schema: Schema, side: "input" | "output"): Json => {
    const name = names.get(schema)
    return name === undefined ? jsonSchema(schema, side) : { $ref: `#/components/schemas/${name}` }
  }
  const received = new Set<Schema>()
  const paths: Record<string, Json> = {}
  const map = mapOf(urls)
  for (const rule of map.iterRules()) {
    const view = String(rule.endpoint)
      .split(".")
      .reduce<unknown>((tree, name) => (tree as Json)[name], views)
    if (!isOperation(view)) continue
    const { description } = view
    if (description.body !== undefined) received.add(description.body)
    const values = placeholders(rule).map((placeholder) => ({
      name: placeholder.name,
      in: "path",
      required: true,
      schema: schemaOf(map.converterFor(placeholder)),
    }))
    const operation = {
      operationId: rule.endpoint,
      summary: description.summary,
      parameters: [...values, ...parametersOf(description)],
      ...(description.body && {
        requestBody: {
          required: true,
          content: { "application/json": { schema: refer(description.body, "input") } },
        },
      }),
      responses: responsesOf(description, rule, refer, problem),
    }
    const path = pathOf(rule)
    for (const method of rule.methods ?? [])
      if (method !== "HEAD") paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  const components = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      jsonSchema(schema, received.has(schema) ? "input" : "output"),
    ]),
  )
  return { openapi: "3.1.0", info: { title, version }, paths, components: { schemas: components } }
}

function jsonSchema(schema: Schema, side: "input" | "output"): Json {
  const { $schema: _, ...json } = schema["~standard"].jsonSchema[side]({ target: "draft-2020-12" })
  return json
}

function placeholders({ pieces }: Rule) {
  return pieces.flatMap((piece) => (piece.kind === "placeholder" ? [piece.placeholder] : []))
}

/** `/items/<int:id>` is `/items/{id}` there. */
function pathOf({ pieces }: Rule): string {
  const texts = pieces.map((piece) => {
    if (piece.kind === "slash") return "/"
    return piece.kind === "static" ? piece.text : `{${piece.placeholder.name}}`
  })
  return texts.join("")
}

/** What a placeholder takes. A converter of one's own is known by its expression. */
function schemaOf(converter: Converter): Json {
  if (converter instanceof IntegerConverter || converter instanceof FloatConverter) {
    const { min, max, signed } = converter
    const type = converter instanceof IntegerConverter ? "integer" : "number"
    return { type, minimum: min ?? (signed ? undefined : 0), maximum: max }
  }
  if (converter instanceof UUIDConverter) return { type: "string", format: "uuid" }
  if (converter instanceof AnyConverter) return { type: "string", enum: converter.items }
  return { type: "string", pattern: `^(?:${converter.regex ?? "[^/]+"})$` }
}

function parametersOf({ query, needsMatch }: Description): Json[] {
  const parameters: Json[] = []
  if (needsMatch) parameters.push({ name: "If-Match", in: "header", required: true, schema: { type: "string" } })
  if (query !== undefined) {
    const { properties = {}, required = [] } = jsonSchema(query, "input") as { properties?: Json; required?: string[] }
    for (const [name, schema] of Object.entries(properties))
      parameters.push({ name, in: "query", required: required.includes(name), schema })
  }
  return parameters
}

function responsesOf(
  description: Description,
  rule: Rule,
  refer: (schema: Schema, side: "output") => Json,
  problem: Schema,
): Json {
  const { status, answer, body, query, needsMatch, problems = [] } = description
  const expected = [
    ...(placeholders(rule).length > 0 ? [404] : []),
    ...(body ? [400, 415] : []),
    ...(body || query ? [422] : []),
    ...(needsMatch ? [412, 428] : []),
    ...problems,
    503,
  ]
  const content = { "application/problem+json": { schema: refer(problem, "output") } }
  return {
    [status]: {
      description: "All is well",
      ...(answer && { content: { "application/json": { schema: refer(answer, "output") } } }),
    },
    ...Object.fromEntries(expected.map((code) => [code, { description: "A problem", content }])),
  }
}
