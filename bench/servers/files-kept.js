// As files-werkstatt, with files kept open for a second.
import { OpenFileCache, sendFromDirectory } from "../../dist/files/index.js"
import { makeServer, Request } from "../../dist/index.js"

const folder = process.argv[2]
const openFiles = new OpenFileCache()
const app = Request.application((request) =>
  sendFromDirectory(folder, request.path.slice(1), request.environ, { openFiles }),
)
const server = await makeServer("127.0.0.1", 0, app, { accessLog: false })
process.send(server.port)
