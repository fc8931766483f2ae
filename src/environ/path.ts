// The path of a request as text. The environ holds byte strings (every character one byte); here they become Unicode.
// What is not UTF-8 becomes U+FFFD and never throws: a client chooses these bytes.

import type { Environ } from "../gateway.ts"
import { byteStringToText } from "../http/urls.ts"

/**
 * `PATH_INFO` as text: the path below the mount, percent-decoded once. Bytes that are not UTF-8 become U+FFFD.
 *
 * @example
 * getPathInfo({ PATH_INFO: "/caf\u00c3\u00a9" }) // => "/café"
 */
export function getPathInfo(environ: Pick<Environ, "PATH_INFO">): string {
  return byteStringToText(environ.PATH_INFO ?? "")
}
