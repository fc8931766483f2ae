// What express.static stands on, without the rest of Express.
import { createServer } from "node:http"
import send from "send"

const root = process.argv[2]
createServer((request, response) => send(request, request.url, { root }).pipe(response)).listen(
  0,
  "127.0.0.1",
  function () {
    process.send(this.address().port)
  },
)
