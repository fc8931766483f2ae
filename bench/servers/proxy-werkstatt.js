import { makeServer } from "../../dist/index.js"
import { httpProxy } from "../../dist/proxy/index.js"

const proxy = httpProxy(() => [], { "/": process.argv[2] })
const server = await makeServer("127.0.0.1", 0, proxy, { accessLog: false })
process.send(server.port)
