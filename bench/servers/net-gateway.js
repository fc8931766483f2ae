import { createNetServer } from "../../dist/adapters/net.js"
const { server } = createNetServer((environ, startResponse) => {
  const name = new URLSearchParams(environ.QUERY_STRING).get("name") ?? "World"
  startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]])
  return [Buffer.from(`Hello ${name}!`)]
})
server.listen(0, "127.0.0.1", () => process.send(server.address().port))
