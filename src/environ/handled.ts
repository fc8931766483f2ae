// Promises whose failure waits for the one who awaits them. What reads a body returns such: `const body = request.json();
// await other(); await body` must not end the process because the body turned out bad while something else was awaited.

/** The same promise. It may reject before anything awaits it; the error reaches each one that does, whenever that is. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.then(undefined, ignore)
  return promise
}

function ignore(): void {}

/** A generator whose steps are such promises. */
export class HandledGenerator<T> implements AsyncGenerator<T, void, void> {
  readonly #generator: AsyncGenerator<T, void, void>

  constructor(generator: AsyncGenerator<T, void, void>) {
    this.#generator = generator
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, void>> {
    return handled(this.#generator.next())
  }

  return(): Promise<IteratorResult<T, void>> {
    return handled(this.#generator.return())
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    return handled(this.#generator.throw(error))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#generator.return()
  }
}
