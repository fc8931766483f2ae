// A small object store with the part of the S3 interface that uploads need, over real sockets: single and multipart uploads, copies,
// reads and deletes. Keeps everything in memory, and knows no signatures: only that there is one.

import { randomUUID } from "node:crypto"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"

class LargeRequest extends Request {
  override maxDataSize = 16 * 1024 * 1024
}

export class S3Server {
  readonly objects = new Map<string, Uint8Array>()
  /** Multipart uploads that are going on: parts by number. */
  readonly uploads = new Map<string, Map<number, Uint8Array>>()
  /** What was asked, as `PUT /bucket/key`. */
  readonly asked: string[] = []

  readonly app = LargeRequest.application(async (request) => {
    this.asked.push(`${request.method} ${request.path}`)
    if (!/^AWS4-HMAC-SHA256 Credential=/.test(request.headers.get("Authorization") ?? "")) return failure(403)
    const upload = request.args.get("uploadId")
    if (request.args.has("uploads")) return this.#begin()
    if (upload !== undefined) return this.#part(request, upload)
    return this.#object(request)
  })

  #begin(): Response {
    const id = randomUUID()
    this.uploads.set(id, new Map())
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  }

  async #part(request: Request, id: string): Promise<Response> {
    const parts = this.uploads.get(id)
    if (parts === undefined) return failure(404)
    if (request.method === "PUT") {
      parts.set(Number(request.args.get("partNumber")), await bytesOf(request))
      return new Response("", { headers: { ETag: '"part"' } })
    }
    this.uploads.delete(id)
    if (request.method === "DELETE") return new Response("", { status: 204 })
    const numbers = [...parts.keys()].sort((a, b) => a - b)
    this.objects.set(request.path, Buffer.concat(numbers.map((number) => parts.get(number) as Uint8Array)))
    return xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
  }

  async #object(request: Request): Promise<Response> {
    const source = request.headers.get("x-amz-copy-source")
    if (request.method === "PUT" && source !== undefined) {
      const object = this.objects.get(`/${decodeURIComponent(source)}`)
      if (object === undefined) return failure(404)
      this.objects.set(request.path, object)
      return xml("<CopyObjectResult><ETag>copy</ETag></CopyObjectResult>")
    }
    if (request.method === "PUT") {
      this.objects.set(request.path, await bytesOf(request))
      return new Response("", { headers: { ETag: '"whole"' } })
    }
    if (request.method === "DELETE") {
      this.objects.delete(request.path)
      return new Response("", { status: 204 })
    }
    const object = this.objects.get(request.path)
    return object === undefined ? failure(404) : new Response(object, { mimetype: "application/octet-stream" })
  }
}

/** The body; one that was signed in chunks has the length of each, and the checksum behind the last. */
async function bytesOf(request: Request): Promise<Uint8Array> {
  const bytes = Buffer.from(await request.data())
  if (!/aws-chunked/.test(request.headers.get("Content-Encoding") ?? "")) return bytes
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at)
    const length = Number.parseInt(bytes.toString("latin1", at, end), 16)
    if (!(length > 0)) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}

function xml(text: string): Response {
  return new Response(text, { mimetype: "application/xml" })
}

function failure(status: number): Response {
  return new Response("<Error><Code>Failed</Code></Error>", { status, mimetype: "application/xml" })
}
