// The addresses of `--bind`, as gunicorn writes them.

import { type Address, addressOf } from "../address.ts"
import { SettingError, type SettingValues } from "./settings.ts"

/**
 * The address of a text: `HOST:PORT`, `[::1]:PORT`, `:PORT` for all addresses, `unix:PATH`, `fd://NUMBER`.
 *
 * @throws SettingError for a malformed text
 * @example
 * bindAddress("0.0.0.0:80") // => { kind: "tcp", host: "0.0.0.0", port: 80 }
 * bindAddress(":80") // => { kind: "tcp", host: "::", port: 80 }
 * bindAddress("[::1]:80") // => { kind: "tcp", host: "::1", port: 80 }
 * bindAddress("unix:/run/a.sock") // => { kind: "unix", path: "/run/a.sock" }
 * bindAddress("fd://3") // => { kind: "fd", fd: 3 }
 * bindAddress("80") // throws SettingError
 */
export function bindAddress(text: string, { socketMode }: Partial<Pick<SettingValues, "socketMode">> = {}): Address {
  const fd = /^fd:\/\/(\d{1,6})$/.exec(text)?.[1]
  if (fd !== undefined) return addressOf("", 0, Number(fd))
  const path = /^unix:(?:\/\/)?(.+)$/s.exec(text)?.[1]
  if (path !== undefined) return addressOf(`unix://${path}`, 0, undefined, socketMode)
  const [, host, port] = /^(\[[^\]]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65535)
    throw new SettingError(`bind takes HOST:PORT, unix:PATH or fd://NUMBER, not "${text}".`)
  return addressOf(host || "::", Number(port))
}
