// What the table of settings cannot say of a value by itself: that an address is one, that a format is known, that two settings go
// together. Both the first process and each worker ask, since a worker may have read the settings anew.

import { availableParallelism } from "node:os"
import { accessFormat } from "./access-format.ts"
import { bindAddress } from "./bind.ts"
import { checkFrontSettings, isEngine } from "./front-settings.ts"
import { SettingError, type SettingValues } from "./settings.ts"
import { statsdAddress } from "./statsd.ts"

/**
 * Finds what is wrong with settings before anything is started.
 *
 * @throws SettingError with a sentence
 */
export function checkSettings(values: SettingValues): void {
  workerCount(values.workers)
  for (const text of values.bind) bindAddress(text, values)
  if (values.statusBind !== undefined) bindAddress(values.statusBind)
  if (typeof values.accessLogFormat === "string") accessFormat(values.accessLogFormat)
  if (!["lines", "json"].includes(values.errorLogFormat))
    throw new SettingError(`error-log-format is lines or json, not "${values.errorLogFormat}".`)
  if (!isEngine(values.engine)) throw new SettingError(`engine is http or net, not "${values.engine}".`)
  if (values.statsd !== undefined) statsdAddress(values.statsd)
  if (!/^[\w.-]{0,200}$/.test(values.statsdPrefix))
    throw new SettingError(`statsd-prefix takes letters, digits, dots and hyphens, not "${values.statsdPrefix}".`)
  if (values.http2 && values.cert.length === 0)
    throw new SettingError("http2 needs a certificate: no client asks for it without TLS.")
  checkFrontSettings(values)
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (values.reusePort && (major < 22 || (major === 22 && minor < 12)))
    throw new SettingError(`reuse-port needs Node 22.12, and this is ${process.versions.node}.`)
}

/**
 * How many workers a text stands for.
 *
 * @throws SettingError for anything but a number from 1, and `auto`
 * @example
 * workerCount("4") // => 4
 * workerCount("0") // throws SettingError
 */
export function workerCount(text: string): number {
  if (text === "auto") return availableParallelism()
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1) return count
  throw new SettingError(`workers is a number from 1, or auto, not "${text}".`)
}
