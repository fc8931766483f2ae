// Serves the conformance application with makeServer, on the runtime's own node:http. Prints the port.

import { makeServer } from "../../dist/serving/index.js"
import { conformanceApplication } from "../../dist/testing/index.js"

const errors = { write() {}, writeLines() {}, flush() {} }
const server = await makeServer("127.0.0.1", 0, conformanceApplication, { errors })
console.log(`port ${server.port}`)
