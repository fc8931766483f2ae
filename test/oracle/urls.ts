// URLs, hosts and content lengths, from http/ and environ/, by their recorded names.

import { getHost as getEnvironHost } from "../../src/environ/host.ts"
import { getPathInfo } from "../../src/environ/path.ts"
import { getCurrentUrl as getEnvironUrl } from "../../src/environ/url.ts"
import type { Environ } from "../../src/gateway.ts"
import { bodyLength } from "../../src/http/content-length.ts"
import { hostIsTrusted, requestHost } from "../../src/http/hosts.ts"
import { getContentType } from "../../src/http/media-types.ts"
import { iriToUri, requestUrl, uriToIri } from "../../src/http/urls.ts"
import type { Adapter } from "./runner.ts"
import { type Json, read, readOptions } from "./values.ts"

// biome-ignore lint/suspicious/noExplicitAny: the arguments come from JSON
const functions: Record<string, (args: any[], options: Record<string, any>) => unknown> = {
  iri_to_uri: ([iri]) => iriToUri(iri),
  uri_to_iri: ([uri]) => uriToIri(uri),
  host_is_trusted: ([host, trusted]) => hostIsTrusted(host, trusted),
  get_host: ([scheme, header, server, trusted]) => requestHost(scheme, header, server, trusted),
  get_current_url: ([scheme, host, rootPath, path, query]) =>
    requestUrl({ scheme, host, rootPath, path, queryString: query && String.fromCharCode(...query) }),
  get_content_length: ([length, coding]) => bodyLength(length, coding),
  get_content_type: ([mimetype, charset]) => getContentType(mimetype, charset),
  get_path_info: ([environ]) => getPathInfo(environ as Environ),
  "wsgi.get_host": ([environ], { trustedHosts }) => getEnvironHost(environ as Environ, trustedHosts),
  "wsgi.get_current_url": ([environ], options) => getEnvironUrl(environ as Environ, options),
}

/** Environs keep the names of their variables. */
function readArgument(argument: Json): unknown {
  const isEnviron = argument !== null && typeof argument === "object" && "REQUEST_METHOD" in argument
  return isEnviron ? argument : read(argument)
}

export const adapter: Adapter = {
  outcomes: ["returns"],
  run({ fn, args, kwargs }) {
    const call = functions[fn as string]
    if (call === undefined) throw new Error(`There is no ${String(fn)}`)
    return { returns: call((args as Json[]).map(readArgument), readOptions(kwargs)) }
  },
}
