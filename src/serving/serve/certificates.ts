// Certificates by the name that a client asks for (SNI, RFC 6066 section 3): the first one whose names fit, else the first.

import { X509Certificate } from "node:crypto"
import { createSecureContext, type SecureContext, type TlsOptions } from "node:tls"
import { loadSslContext } from "../tls.ts"

/**
 * The options of a server that has these certificates.
 *
 * @throws Error when a file cannot be read or does not hold a certificate; TypeError when there are not as many keys
 */
export async function loadCertificates(
  certificates: readonly string[],
  keys: readonly string[],
): Promise<TlsOptions | undefined> {
  if (certificates.length !== keys.length)
    throw new TypeError(`each certificate needs its key: there are ${certificates.length} and ${keys.length}`)
  const pairs: { certificate: X509Certificate; context: SecureContext; options: TlsOptions }[] = []
  for (const [index, path] of certificates.entries()) {
    const options = await loadSslContext([path, keys[index] as string], "")
    try {
      const certificate = new X509Certificate(options.cert as string)
      pairs.push({ certificate, context: createSecureContext(options), options })
    } catch (error) {
      throw Object.assign(
        new Error(`The certificate ${path} and its key do not work: ${(error as Error).message}`, { cause: error }),
        {
          code: (error as NodeJS.ErrnoException).code,
        },
      )
    }
  }
  const first = pairs[0]
  if (first === undefined) return undefined
  if (pairs.length === 1) return first.options
  return {
    ...first.options,
    SNICallback: (name, done) => {
      const pair = pairs.find(({ certificate }) => certificate.checkHost(name) !== undefined) ?? first
      done(null, pair.context)
    },
  }
}
