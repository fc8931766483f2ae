// The database: a pool of connections, migrations, and a transaction for each request.

import { readdirSync, readFileSync } from "node:fs"
import pg from "pg"
import { type Application, ServiceUnavailable } from "werkstatt"
import { runApplication } from "werkstatt/environ"
import type { ApplicationLike } from "werkstatt/gateway"
import { Local, withContext } from "werkstatt/local"

export type Pool = pg.Pool

/** @param onError told when a connection breaks that nobody uses: the pool makes another one when it needs it */
export function openPool(connectionString: string, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 2000,
    statement_timeout: 10_000,
    // A process that has nothing else to do does not wait for idle connections.
    allowExitOnIdle: true,
  })
  // Without a listener such an error would end the process.
  pool.on("error", onError)
  return pool
}

const migrations = new URL("migrations/", import.meta.url)

/** Brings the tables up to date: runs the files of migrations/ that the database has not seen, in the order of their names. */
export async function migrate(pool: Pool): Promise<string[]> {
  const client = await pool.connect()
  const done: string[] = []
  try {
    await client.query("BEGIN")
    // Where several processes start at once, the others wait here.
    await client.query("SELECT pg_advisory_xact_lock(20261129)")
    await client.query("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, at timestamptz DEFAULT now())")
    const { rows } = await client.query<{ name: string }>("SELECT name FROM migration")
    const seen = new Set(rows.map(({ name }) => name))
    for (const name of readdirSync(migrations).sort()) {
      if (seen.has(name)) continue
      await client.query(readFileSync(new URL(name, migrations), "utf8"))
      await client.query("INSERT INTO migration (name) VALUES ($1)", [name])
      done.push(name)
    }
    await client.query("COMMIT")
    return done
  } catch (error) {
    await client.query("ROLLBACK")
    throw error
  } finally {
    client.release()
  }
}

/** The transaction of one request. It takes a connection with its first query, so that a request without one needs none. */
class Transaction {
  readonly #pool: Pool
  #client: Promise<pg.PoolClient> | undefined
  #isOver = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async query<Row extends pg.QueryResultRow>(text: string, ...values: unknown[]): Promise<Row[]> {
    if (this.#isOver) throw new Error("The request is over, and its transaction with it")
    this.#client ??= this.#begin()
    return (await (await this.#client).query<Row>(text, values)).rows
  }

  async #begin(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw new ServiceUnavailable({ description: "The database can't be reached.", retryAfter: 5, cause })
    })
    await client.query("BEGIN")
    return client
  }

  /** Commits, or rolls back, and gives the connection back. */
  async end(isGood: boolean): Promise<void> {
    this.#isOver = true
    const client = await this.#client?.catch(() => undefined)
    if (client === undefined) return
    try {
      const { command } = await client.query(isGood ? "COMMIT" : "ROLLBACK")
      client.release()
      // What PostgreSQL makes of a COMMIT after a statement that failed.
      if (isGood && command !== "COMMIT")
        throw new Error("The transaction was rolled back: a statement in it had failed")
    } catch (error) {
      // A connection of which it is not known what state it is in is closed.
      client.release(true)
      throw error
    }
  }
}

const current = new Local<{ transaction: Transaction }>()

/** Runs a statement in the transaction of the current request. */
export function query<Row extends pg.QueryResultRow>(text: string, ...values: unknown[]): Promise<Row[]> {
  return current.getOrThrow("transaction").query<Row>(text, ...values)
}

/**
 * A transaction for each request: committed where the status is below 400, rolled back where it is not, or where the application
 * throws. The response waits for that, so a client that is told of a change can rely on it.
 */
export function transactions(app: ApplicationLike, pool: Pool): Application {
  return withContext(async (environ, startResponse) => {
    const transaction = new Transaction(pool)
    current.set("transaction", transaction)
    // The whole body: what it still reads from the database belongs to the transaction too.
    const result = await runApplication(app, environ, { buffered: true }).catch(async (error: unknown) => {
      await transaction.end(false)
      throw error
    })
    await transaction.end(Number(result.status.slice(0, 3)) < 400)
    startResponse(result.status, [...result.headers])
    return result.body
  })
}
