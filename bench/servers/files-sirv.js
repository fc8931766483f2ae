// As it is meant to be used: it knows all files, and their headers, from when it starts.
import { createServer } from "node:http"
import sirv from "sirv"

createServer(sirv(process.argv[2], { etag: true })).listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
