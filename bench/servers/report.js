// Loaded before each server: answers the bench's questions about its process.
process.env.NODE_ENV = "production"
process.on("message", (question) => {
  if (question === "held") {
    globalThis.gc()
    globalThis.gc()
    const { heapUsed, external, rss } = process.memoryUsage()
    process.send({ question, held: heapUsed + external, rss })
    return
  }
  const { user, system } = process.cpuUsage()
  process.send({ question, cpuMicros: user + system, rss: process.memoryUsage.rss() })
})
