// Pictures in a folder: looked at before they are kept, and sent as files are sent.

import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { BadRequest, type Request, sendFromDirectory } from "werkstatt"
import type { FileStorage } from "werkstatt/datastructures"

/** How files of each kind begin. What the client says of a file proves nothing. */
const SIGNATURES: [ending: string, signature: RegExp][] = [
  ["png", /^\x89PNG\r\n\x1a\n/],
  ["jpg", /^\xff\xd8\xff/],
  ["gif", /^GIF8[79]a/],
  ["webp", /^RIFF[\s\S]{4}WEBP/],
]

/** Saves a picture under a name of ours, and gives the name. */
export async function keepPicture(file: FileStorage, folder: string): Promise<string> {
  const bytes = await file.bytes()
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  const ending = SIGNATURES.find(([, signature]) => signature.test(start))?.[0]
  if (ending === undefined) throw new BadRequest("A picture is a PNG, JPEG, GIF or WebP.")
  // Never a name that the client has chosen.
  const name = `${randomUUID()}.${ending}`
  await file.save(`${folder}/${name}`)
  return name
}

/** Sends a picture: with an entity tag, conditions and ranges. */
export const showPicture =
  (folder: string) =>
  (request: Request, { name }: { name: string }) =>
    sendFromDirectory(folder, name, request.environ, { maxAge: 31_536_000 })

export async function removePicture(name: string | null, folder: string): Promise<void> {
  if (name !== null) await rm(`${folder}/${name}`, { force: true })
}
