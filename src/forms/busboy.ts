// busboy as a decoder of multipart bodies, for programs that want an independent parser. It uses busboy's public events only.
// busboy tells of files while they come, and of a text when that is complete; here both become events in the order of the
// parts. What busboy does not tell cannot be told here either: docs/forms.md has the list.

import busboy from "busboy"
import { type FormLimits, malformed, settleLimits, tooLarge } from "./limits.ts"
import type { EventDecoder, EventDecoderFactory } from "./multipart.ts"
import type { FieldEvent, FileEvent, MultipartEvent } from "./multipart-events.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const encoder = new TextEncoder()
const MOST_IDLE_TURNS = 3

/**
 * Decodes multipart bodies by busboy, as in `new FormDataParser({ decoder: busboyDecoder })`.
 *
 * Of the headers of a part only the Content-Type is there, without its parameters; texts come when they are complete. A form
 * that busboy reads in part, since it can't make out what a part is, lacks that part.
 */
export const busboyDecoder: EventDecoderFactory = (boundary, limits) => new BusboyDecoder(boundary, limits)

/** The events of one part, in order; further ones may come until it is complete. */
interface Part {
  readonly events: MultipartEvent[]
  complete: boolean
}

class BusboyDecoder implements EventDecoder {
  readonly #parser: busboy.Busboy
  readonly #maxFormParts: number
  #begun = 0
  /** The parts whose events were not all pulled, in order. Their data may come when later parts have begun. */
  readonly #parts: Part[] = []
  #failure: Error | undefined
  /** How often busboy has done something. */
  #events = 0
  /** Called when it has. */
  #wake: (() => void) | undefined
  #closed = false

  constructor(boundary: string, given: FormLimits) {
    const limits = settleLimits(given)
    const { maxFormMemorySize, maxFormParts } = limits
    this.#maxFormParts = maxFormParts
    this.#parser = busboy({
      headers: { "content-type": `multipart/form-data; boundary="${boundary.replace(/["\\]/g, "\\$&")}"` },
      defParamCharset: "utf8",
      preservePath: true,
      limits: {
        fieldNameSize: Number.POSITIVE_INFINITY,
        // One more than is allowed shows that it was too much.
        fieldSize: maxFormMemorySize + 1,
        parts: maxFormParts + 1,
      },
    })
    this.#parser.on("file", (name, stream, info) => {
      const { filename, mimeType } = info
      const headers = [["Content-Type", mimeType]] as const
      // Without a name it is what browsers send where no file was chosen: an octet-stream, which busboy calls a file.
      const part = this.#begin({ type: "file", name: unescapeName(name), filename: unescapeName(filename), headers })
      stream.on("data", (data: Uint8Array) => {
        part.events.push({ type: "data", data, moreData: true })
        this.#happened()
      })
      stream.on("error", () => this.#fail(malformed("it ends before its last boundary")))
      stream.on("end", () => {
        this.#end(part, EMPTY)
        this.#happened()
      })
    })
    this.#parser.on("field", (name, value: string | undefined, { mimeType }) => {
      if (value === undefined) return this.#fail(malformed("a text is in a charset that busboy does not know"))
      const part = this.#begin({ type: "field", name: unescapeName(name), headers: [["Content-Type", mimeType]] })
      this.#end(part, encoder.encode(value))
    })
    this.#parser.on("partsLimit", () => this.#fail(tooLarge("maxFormParts", maxFormParts)))
    this.#parser.on("error", (error) => this.#fail(malformed(`busboy says: ${(error as Error).message}`)))
    this.#parser.on("close", () => {
      this.#closed = true
      this.#happened()
    })
  }

  async receiveData(data: Uint8Array | undefined): Promise<void> {
    if (this.#failure !== undefined || this.#closed) return
    if (data === undefined) {
      this.#parser.end()
      await this.#until(() => this.#closed && this.#parts.every(({ complete }) => complete))
      if (this.#failure === undefined) {
        this.#parts.push({ events: [{ type: "epilogue", data: EMPTY }], complete: true })
      }
      return
    }
    let taken = false
    this.#parser.write(data, () => {
      taken = true
      this.#happened()
    })
    await this.#until(() => taken)
  }

  nextEvent(): MultipartEvent | undefined {
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      const event = part.events.shift()
      if (event !== undefined) return event
      if (!part.complete) break
      this.#parts.shift()
    }
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  /**
   * Waits until that holds, or something has failed. All that busboy does it does within some turns of the loop; where nothing
   * happens any more, it waits for the end of a file that it has lost, as behind a boundary in a head.
   */
  async #until(holds: () => boolean): Promise<void> {
    for (let idleTurns = 0; !holds() && this.#failure === undefined; ) {
      if (idleTurns === MOST_IDLE_TURNS) {
        this.#fail(malformed("busboy does not find the end of a file"))
        this.#parser.destroy()
        return
      }
      const before = this.#events
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setImmediate(resolve)
      })
      idleTurns = this.#events === before ? idleTurns + 1 : 0
    }
  }

  /** busboy has done something. */
  #happened(): void {
    this.#events++
    this.#wake?.()
  }

  #begin(event: FieldEvent | FileEvent): Part {
    this.#begun++
    if (this.#begun > this.#maxFormParts) this.#fail(tooLarge("maxFormParts", this.#maxFormParts, event))
    const part: Part = { events: [event], complete: false }
    this.#parts.push(part)
    return part
  }

  #end(part: Part, data: Uint8Array): void {
    part.events.push({ type: "data", data, moreData: false })
    part.complete = true
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#happened()
  }
}

// HTML, "multipart form data"; busboy leaves these to others. Types say that there always is a name.
function unescapeName(name: string | undefined): string {
  return (name ?? "").replace(/%22|%0D|%0A/gi, (escaped) => String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))
}
