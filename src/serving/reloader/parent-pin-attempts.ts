// The count of wrong PINs, which the parent keeps for all processes that run the application, one after the other.

import { MAX_PIN_FAILURES, type PinAttempts } from "../../debug/pin.ts"
import { onTold, tellParent } from "../process-group/link.ts"
import type { ToChild, ToParent } from "./payload.ts"

/** The count, asked for over the channel. */
export class ParentPinAttempts implements PinAttempts {
  readonly #waiting = new Map<number, (failures: number) => void>()
  #ids = 0

  constructor() {
    onTold((text) => {
      const { pin, failures } = text as ToChild
      this.#waiting.get(pin)?.(failures)
      this.#waiting.delete(pin)
    })
    // Without the parent there is no count, and no PIN is right.
    process.once("disconnect", () => {
      for (const settle of this.#waiting.values()) settle(Number.POSITIVE_INFINITY)
    })
  }

  begin(): Promise<number> {
    return this.#ask(true)
  }

  succeed(): void {
    tellParent({ pinRight: true } satisfies ToParent)
  }

  async isLocked(): Promise<boolean> {
    return (await this.#ask(false)) >= MAX_PIN_FAILURES
  }

  #ask(attempt: boolean): Promise<number> {
    if (!process.connected) return Promise.resolve(Number.POSITIVE_INFINITY)
    return new Promise((resolve) => {
      const pin = ++this.#ids
      this.#waiting.set(pin, resolve)
      tellParent({ pin, attempt } satisfies ToParent)
    })
  }
}
