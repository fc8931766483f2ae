// Uploads that go to an object store with the S3 interface (Amazon S3, MinIO, Ceph, Garage and so on) while they come in: nothing is
// kept on this machine, so any machine can take the next request. What the application does not keep is deleted with the request.
//
//     AWS_ENDPOINT_URL=http://127.0.0.1:9000 AWS_REGION=local BUCKET=photos node --import tsx examples/s3-uploads.ts
//     curl -F photo=@cat.jpg localhost:4000
//
// GET  /     -> 200
// POST / a=1 -> 400

import { randomUUID } from "node:crypto"
import { Readable } from "node:stream"
import { CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3"
import { Upload } from "@aws-sdk/lib-storage"
import { BadRequest, Request, Response, runSimple } from "werkstatt"
import type { FileContent } from "werkstatt/datastructures"
import type { FormPart, UploadStore } from "werkstatt/forms"

/**
 * Sends each file of a form to a bucket, in parts of 5 MiB, of which one is in memory at a time. `file.save("key")` copies it to a key of its
 * own inside the store. A rule of the bucket should delete old objects under the prefix: those of processes that were killed.
 */
export class S3UploadStore implements UploadStore {
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string

  constructor(client: S3Client, bucket: string, { prefix = "uploads/" }: { prefix?: string } = {}) {
    this.client = client
    this.bucket = bucket
    this.prefix = prefix
  }

  async store(part: FormPart): Promise<FileContent> {
    const key = this.prefix + randomUUID()
    let size = 0
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of part) {
        size += chunk.length
        yield chunk
      }
    }
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: key, Body: Readable.from(counted()), ContentType: part.contentType },
      partSize: 5 * 1024 * 1024,
      queueSize: 1,
    })
    // When the client leaves, `part` throws, and the parts that were sent are deleted.
    await upload.done()
    return new S3File(this, key, size)
  }
}

class S3File implements FileContent {
  readonly size: number
  readonly #store: S3UploadStore
  readonly #key: string
  #isClosed = false

  constructor(store: S3UploadStore, key: string, size: number) {
    this.#store = store
    this.#key = key
    this.size = size
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const { client, bucket } = this.#store
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: this.#key }))
    yield* Body as Readable
  }

  async bytes(): Promise<Uint8Array> {
    const { client, bucket } = this.#store
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: this.#key }))
    return Body === undefined ? new Uint8Array(0) : Body.transformToByteArray()
  }

  /** @param key where the object is to stay */
  async saveTo(key: string | URL): Promise<void> {
    const { client, bucket } = this.#store
    const source = `${bucket}/${this.#key}`
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: String(key), CopySource: source }))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { client, bucket } = this.#store
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: this.#key }))
  }
}

/** Most stores but Amazon's have the bucket in the path. */
const client = new S3Client({ forcePathStyle: true })

class PhotoRequest extends Request {
  override uploadStore: UploadStore | undefined = new S3UploadStore(client, process.env["BUCKET"] ?? "photos")
}

const page = `<!doctype html>
<title>Photos</title>
<form method="post" enctype="multipart/form-data"><input type="file" name="photo"><button>Send</button></form>
`

export const app = PhotoRequest.application(async (request) => {
  if (request.method !== "POST") return new Response(page, { mimetype: "text/html" })
  const photo = (await request.files()).get("photo")
  if (photo?.hasFile !== true) throw new BadRequest({ description: "There is no photo." })
  // The name is ours: that of the client may be anything.
  const key = `photos/${randomUUID()}`
  await photo.save(key)
  return new Response(`${key}\n`, { status: 201 })
})

if (process.argv[1] === import.meta.filename) await runSimple("localhost", 4000, app)
