// Bytes to a socket, and the response that comes back, as the command `werkstatt conformance` reads it.

export { exchange, type RawResponse } from "../../src/cli/conformance/raw-exchange.ts"
