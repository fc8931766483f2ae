// Starts the API: `npx werkstatt serve main.ts`. DATABASE_URL says where the database is, and PGHOST, PGUSER and so on what it leaves open.

import pino from "pino"
import { makeApp } from "./app.ts"
import { migrate, openPool } from "./database.ts"

const log = pino()
const pool = openPool(process.env["DATABASE_URL"] ?? "postgresql:///jsonapi", (error) => log.warn(error))
for (const name of await migrate(pool)) log.info({ name }, "migrated")

export const app = makeApp({ pool, log })
