import Koa from "koa"

const app = new Koa()
app.use((context) => {
  context.body = `Hello ${context.query.name ?? "World"}!`
})
app.listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
