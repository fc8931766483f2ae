// Serves the application with Deno.serve. Prints the port.

import { handle } from "./application.ts"

Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(`port ${port}`) }, handle)
