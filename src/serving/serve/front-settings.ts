// What the settings say of front servers and balancers, as options of a server.

import { AllowedPeers } from "../../adapters/node/allowed-peers.ts"
import type { Engine } from "../../adapters/node.ts"
import { checkFront, checkFrontAddress, type FrontOptions, type FrontProtocol, isForFront } from "../front-protocol.ts"
import { bindAddress } from "./bind.ts"
import { SettingError, type SettingValues } from "./settings.ts"

interface FrontServerOptions extends FrontOptions {
  protocol: FrontProtocol
  engine?: Engine
  maxHeadBytes: number
  proxyProtocolFrom?: Iterable<string>
}

/** Variables tell the target several times, and more than a head. */
const HEADS = 4

type FrontNames = "protocol" | "allowFrom" | "scriptName" | "engine" | "proxyProtocolFrom"

/** Whether a text names an engine. */
export function isEngine(text: string): text is Engine {
  return text === "http" || text === "net"
}

/** The settings as options of a worker's server: what is empty is left out. */
export function serverSettings(values: SettingValues): Omit<SettingValues, FrontNames> & FrontServerOptions {
  const { protocol, allowFrom, scriptName, engine, proxyProtocolFrom, ...others } = values
  return { ...others, ...frontSettings(values) }
}

function frontSettings(values: SettingValues): FrontServerOptions {
  const { protocol, allowFrom, scriptName, engine, proxyProtocolFrom, maxHeadBytes } = values
  const options: FrontServerOptions = { protocol: protocol as FrontProtocol, maxHeadBytes }
  if (isForFront(options)) options.maxHeadBytes = maxHeadBytes * HEADS
  if (allowFrom.length > 0) options.allowFrom = allowFrom
  if (scriptName !== undefined) options.scriptName = scriptName
  if (isEngine(engine)) options.engine = engine
  if (proxyProtocolFrom.length > 0) options.proxyProtocolFrom = proxyProtocolFrom
  return options
}

/**
 * Checks them together.
 *
 * @throws SettingError with a sentence
 */
export function checkFrontSettings(values: SettingValues): void {
  const options = frontSettings(values)
  try {
    checkFront({ ...options, http2: values.http2, sslContext: values.cert.length > 0 ? values.cert : undefined })
    for (const text of values.bind) checkFrontAddress(bindAddress(text, values), options)
    new AllowedPeers([...values.allowFrom, ...values.proxyProtocolFrom])
  } catch (error) {
    throw error instanceof TypeError || error instanceof RangeError ? new SettingError(error.message) : error
  }
}
