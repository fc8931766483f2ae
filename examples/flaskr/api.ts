// The same posts as JSON. What a client sends is checked by a schema of any library that speaks Standard Schema.

import type { StandardSchemaV1 } from "@standard-schema/spec"
import * as v from "valibot"
import { NotFound, type Request, Response, Unauthorized, UnprocessableEntity } from "werkstatt"
import type { ErrorMediaType, Problem } from "werkstatt/exceptions"
import { type Post, SELECT } from "./blog.ts"
import { urls } from "./urls.ts"
import { currentUser, database } from "./visitor.ts"

/** A 422 that tells a program what is wrong, and where. */
class Invalid extends UnprocessableEntity {
  readonly issues: readonly StandardSchemaV1.Issue[]

  constructor(issues: readonly StandardSchemaV1.Issue[]) {
    super("The body is not what this URL takes.")
    this.issues = issues
  }

  override getMediaType(): ErrorMediaType {
    return "application/problem+json"
  }

  override getProblem(): Problem {
    const errors = this.issues.map(({ message, path = [] }) => ({
      pointer: path.map((step) => `/${String(typeof step === "object" ? step.key : step)}`).join(""),
      detail: message,
    }))
    return { ...super.getProblem(), errors }
  }
}

async function readJson<Schema extends StandardSchemaV1>(
  request: Request,
  schema: Schema,
): Promise<StandardSchemaV1.InferOutput<Schema>> {
  const result = await schema["~standard"].validate(await request.json())
  if (result.issues !== undefined) throw new Invalid(result.issues)
  return result.value
}

const NewPost = v.object({
  title: v.pipe(v.string(), v.trim(), v.nonEmpty("A title is required.")),
  body: v.optional(v.string(), ""),
})

const asJson = ({ id, title, body, author, created }: Post) => ({
  id,
  title,
  body,
  author,
  created,
  url: urls.api.show.build({ id }),
})

function list(): Response {
  return Response.json(database().all<Post>(`${SELECT} ORDER BY post.id DESC`).map(asJson))
}

async function create(request: Request): Promise<Response> {
  const user = await currentUser(request)
  if (user === undefined) throw new Unauthorized({ wwwAuthenticate: "Session" })
  const { title, body } = await readJson(request, NewPost)
  const id = database().run("INSERT INTO post (author_id, title, body) VALUES (?, ?, ?)", user.id, title, body)
  const response = show(request, { id })
  response.statusCode = 201
  response.location = urls.api.show.build({ id })
  return response
}

function show(_request: Request, { id }: { id: number }): Response {
  const post = database().get<Post>(`${SELECT} WHERE post.id = ?`, id)
  if (post === undefined) throw new NotFound("There is no such post.")
  return Response.json(asJson(post))
}

export const apiViews = { list, create, show }
