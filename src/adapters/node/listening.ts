// A listener for servers of node:http that are not ours, and look after their connections themselves.

import type { ApplicationLike } from "../../gateway.ts"
import { NEVER_SILENT } from "../../running/connections.ts"
import { Service } from "../../running/service.ts"
import { Http1 } from "./http1.ts"
import type { NodeListenerOptions } from "./options.ts"
import { serverParts } from "./parts.ts"

/** A listener's side of a server that is not ours. */
export function listening(app: ApplicationLike, options: NodeListenerOptions): Http1 {
  return new Http1(new Service(app, options, serverParts(NEVER_SILENT)), options.halfCloseGraceMs ?? 1000, false)
}
