// Loaded before each server: answers the bench's questions about its process.
process.env.NODE_ENV = "production"
process.on("message", (question) => {
  const { user, system } = process.cpuUsage()
  process.send({ question, cpuMicros: user + system, rss: process.memoryUsage.rss() })
})
