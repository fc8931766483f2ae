import express from "express"

const app = express()
app.get("/", (request, response) => {
  response.type("text/plain").send(`Hello ${request.query.name ?? "World"}!`)
})
app.listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
