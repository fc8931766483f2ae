// Keys and certificates: given as files or options, or made on the spot for a developer's browser to be warned of.
// What is made here is signed by itself and lives a year; only a client that pins it can trust it.

import { readFile, writeFile } from "node:fs/promises"
import { isIP } from "node:net"
import type { TlsOptions } from "node:tls"

/**
 * What makes a server speak TLS: `"adhoc"` for a certificate made on the spot, the paths of a certificate and its key
 * (PEM), or options of `node:tls`, which may ask for certificates of clients (`requestCert`).
 */
export type SslContext = "adhoc" | readonly [certificate: string, key: string] | TlsOptions

/** A certificate and its private key, as PEM. */
export interface CertificatePair {
  cert: string
  key: string
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

/**
 * A certificate, signed by itself, for `host`, all names below it, `localhost`, 127.0.0.1 and ::1. Good for a year.
 */
export async function generateAdhocSslPair(host: string = "localhost"): Promise<CertificatePair> {
  const { generate } = await loadSelfsigned()
  const now = Date.now()
  const { cert, private: key } = await generate([{ name: "commonName", value: host }], {
    // A key of this kind is made in a millisecond.
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now),
    notAfterDate: new Date(now + YEAR_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: alternativeNames(host) },
    ],
  })
  return { cert, key }
}

// An optional package, loaded when it is wanted: most servers speak plain HTTP.
async function loadSelfsigned(): Promise<typeof import("selfsigned")> {
  try {
    return await import("selfsigned")
  } catch (error) {
    const sentence = "To make a certificate, install selfsigned: npm install --save-dev selfsigned"
    throw Object.assign(new Error(sentence, { cause: error }), { code: (error as NodeJS.ErrnoException).code })
  }
}

/**
 * Writes a certificate for development to `basePath.crt` and its key to `basePath.key`, to be trusted once and kept.
 * The key can be read by its owner alone.
 *
 * @param options `host` is what the certificate is for, by default `localhost`
 * @returns both paths, as `sslContext` takes them
 */
export async function makeSslDevcert(basePath: string, options: { host?: string } = {}): Promise<[string, string]> {
  const { cert, key } = await generateAdhocSslPair(options.host)
  const paths: [string, string] = [`${basePath}.crt`, `${basePath}.key`]
  await writeFile(paths[0], cert)
  await writeFile(paths[1], key, { mode: 0o600 })
  return paths
}

/**
 * The options of `node:tls` that a context stands for.
 *
 * @param hostname what a certificate is made for, with `"adhoc"`
 * @throws Error when a file cannot be read, TypeError for a malformed context
 */
export async function loadSslContext(context: SslContext, hostname: string): Promise<TlsOptions> {
  if (context === "adhoc") return generateAdhocSslPair(certificateName(hostname))
  if (Array.isArray(context)) {
    const [certificate, key] = context as [string, string]
    return { cert: await readPem(certificate, "certificate"), key: await readPem(key, "key") }
  }
  if (typeof context === "object" && context !== null) return context as TlsOptions
  throw new TypeError(`sslContext must be "adhoc", two paths, or options, not ${JSON.stringify(context)}`)
}

async function readPem(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw Object.assign(new Error(`The ${what} ${path} cannot be read (${code}).`, { cause: error }), { code })
  }
}

/** An address that stands for all of them, and a socket, have no name that a certificate could be for. */
function certificateName(hostname: string): string {
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname
  return ["0.0.0.0", "::", ""].includes(host) || host.startsWith("unix://") ? "localhost" : host
}

// The kinds of a GeneralName (RFC 5280 section 4.2.1.6): 2 for DNS names, 7 for addresses.
function alternativeNames(host: string): ({ type: 2; value: string } | { type: 7; ip: string })[] {
  const names = isIP(host) ? ["localhost"] : [host, `*.${host}`, "localhost"]
  const addresses = [...(isIP(host) ? [host] : []), "127.0.0.1", "::1"]
  return [
    ...[...new Set(names)].map((value) => ({ type: 2 as const, value })),
    ...[...new Set(addresses)].map((ip) => ({ type: 7 as const, ip })),
  ]
}
