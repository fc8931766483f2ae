// Types of the web platform, for public types. They come from `@types/node`, from the types of another runtime or from `lib: dom`;
// where none of these is there, what is written here stands for them, so that the types of this package compile all the same.

type Global<Name extends string, Otherwise> =
  typeof globalThis extends Record<Name, { prototype: infer Instance }> ? Instance : Otherwise

/** An `AbortSignal`. */
export type WebAbortSignal = Global<"AbortSignal", { readonly aborted: boolean; readonly reason: unknown }>

/** A `Blob` or `File`. */
export type WebBlob = Global<
  "Blob",
  { readonly size: number; readonly type: string; arrayBuffer(): Promise<ArrayBuffer> }
>

/** A `URL`. */
export type WebURL = Global<"URL", { readonly href: string }>

/** A `WritableStream`. */
export type WebWritableStream = Global<"WritableStream", { readonly locked: boolean }>

/** A `ReadableStream`, as far as it is read here. */
export interface WebReadableStream<Chunk> {
  getReader(): {
    read(): Promise<{ done: false; value: Chunk } | { done: true; value?: Chunk | undefined }>
    cancel(reason?: unknown): Promise<void>
    releaseLock(): void
  }
}
