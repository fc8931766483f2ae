// Loaded before each server: answers the bench's questions about its process.
process.env.NODE_ENV = "production"
process.on("message", (question) => {
  if (question === "collect") globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  process.send({ question, cpuMicros: user + system, rss, held: heapUsed + arrayBuffers })
})
