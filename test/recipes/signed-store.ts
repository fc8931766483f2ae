// An object store with the S3 interface that takes signed requests only: it signs each once more, with the SDK's own code for
// signatures (version 4), and compares. In memory, over real sockets.

import { createHash, createHmac, type Hash, type Hmac } from "node:crypto"
import { createRequire } from "node:module"
import { join } from "node:path"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { pagesFolder } from "./recipe.ts"

export const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" }
export const REGION = "local"

class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

interface Signable {
  method: string
  protocol: string
  hostname: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
}
interface Signer {
  sign(request: Signable, options: object): Promise<{ headers: Record<string, string> }>
  presign(request: Signable, options: object): Promise<{ query: Record<string, string> }>
}
const { SignatureV4 } = createRequire(join(pagesFolder, "package.json"))("@smithy/signature-v4") as {
  SignatureV4: new (options: object) => Signer
}
const signer = new SignatureV4({
  service: "s3",
  region: REGION,
  credentials: KEYS,
  sha256: Sha256,
  uriEscapePath: false,
  applyChecksum: false,
})

/** Whether the signature of a request is the one that our keys make of it. */
async function isSigned(request: Request): Promise<boolean> {
  const { "X-Amz-Signature": signature, ...query } = Object.fromEntries(request.args)
  const own = /SignedHeaders=([^,]+), Signature=(\w+)/.exec(request.headers.get("Authorization") ?? "")
  const names = (query["X-Amz-SignedHeaders"] ?? own?.[1] ?? "").split(";")
  const headers = Object.fromEntries(names.map((name) => [name, request.headers.get(name) ?? ""]))
  const moment = query["X-Amz-Date"] ?? request.headers.get("X-Amz-Date") ?? ""
  const signingDate = new Date(moment.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"))
  const path = request.path
  const signable = { method: request.method, protocol: "http:", hostname: "", path, query, headers }
  const signableHeaders = new Set(names)
  if (signature === undefined)
    return (
      (await signer.sign(signable, { signingDate, signableHeaders })).headers["authorization"]?.endsWith(
        own?.[2] ?? "-",
      ) === true
    )

  const expiresIn = Number(query["X-Amz-Expires"])
  if (Date.now() > signingDate.getTime() + expiresIn * 1000) return false
  // These are what signing adds.
  for (const name of ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Content-Sha256"])
    delete query[`X-Amz-${name}`]
  headers["X-Amz-Content-Sha256"] = "UNSIGNED-PAYLOAD"
  const again = await signer.presign(signable, { signingDate, expiresIn, signableHeaders })
  return again.query["X-Amz-Signature"] === signature
}

export class SignedStore {
  readonly objects = new Map<string, { bytes: Uint8Array; type: string }>()

  readonly app = Request.application(async (request) => {
    if (!(await isSigned(request))) return new Response("", { status: 403 })
    if (request.method === "PUT") {
      this.objects.set(request.path, { bytes: await request.data(), type: request.contentType ?? "" })
      return new Response("")
    }
    const object = this.objects.get(request.path)
    if (object === undefined) return new Response("", { status: 404 })
    const { "response-content-type": type = object.type } = Object.fromEntries(request.args)
    return new Response(object.bytes, { contentType: type })
  })
}
