// A dict whose owner hears of each change: the parameters of a header that is written anew whenever one of them is set.

import { type DictItems, TypeConversionDict } from "./dict.ts"

/**
 * A dict that calls back after each change, and not for what changes nothing: reading, removing what is not there,
 * `setDefault` of a key that is. Setting a key to the value that it has, `clear` and `update` always count as changes.
 *
 * @example
 * const seen = []
 * const dict = new CallbackDict({ a: "1" }, (changed) => seen.push(changed.size))
 * dict.set("b", "2")
 * dict.delete("c")
 * seen // => [2]
 */
export class CallbackDict<V = string> extends TypeConversionDict<V> {
  /** Called with the dict after each change. */
  onUpdate: ((dict: this) => void) | undefined

  constructor(items?: DictItems<V> | null, onUpdate?: (dict: CallbackDict<V>) => void) {
    super(items)
    this.onUpdate = onUpdate
  }

  protected override changed(): void {
    this.onUpdate?.(this)
  }
}
