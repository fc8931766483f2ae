// The database: SQLite, from Node itself where it has it (22.13 and newer), else from a package. Both are synchronous, and are
// looked at through the same few methods.

import { readFileSync } from "node:fs"

type Value = string | number | null

export interface Database {
  all<Row>(sql: string, ...values: Value[]): Row[]
  get<Row>(sql: string, ...values: Value[]): Row | undefined
  /** Gives the id of the new row. */
  run(sql: string, ...values: Value[]): number
  close(): void
}

/** Opens a database, in memory unless there is a file, and makes the tables that it lacks. */
export async function openDatabase(file = ":memory:", engine = newestEngine()): Promise<Database> {
  const database = engine === "node" ? await openWithNode(file) : await openWithPackage(file)
  database.run("PRAGMA foreign_keys = ON")
  const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8")
  for (const statement of schema.split(";\n").filter((each) => each.trim() !== "")) database.run(statement)
  return database
}

export type Engine = "node" | "package"

export function newestEngine(): Engine {
  return process.getBuiltinModule?.("node:sqlite") === undefined ? "package" : "node"
}

interface NodeSqlite {
  DatabaseSync: new (
    file: string,
  ) => {
    prepare(sql: string): {
      all(...values: Value[]): unknown[]
      get(...values: Value[]): unknown
      run(...values: Value[]): { lastInsertRowid: number | bigint }
    }
    close(): void
  }
}

async function openWithNode(file: string): Promise<Database> {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as unknown as NodeSqlite
  const database = new DatabaseSync(file)
  return {
    all: <Row>(sql: string, ...values: Value[]) => database.prepare(sql).all(...values) as Row[],
    get: <Row>(sql: string, ...values: Value[]) => database.prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => Number(database.prepare(sql).run(...values).lastInsertRowid),
    close: () => database.close(),
  }
}

async function openWithPackage(file: string): Promise<Database> {
  const { default: sqlite } = await import("node-sqlite3-wasm")
  const database = new sqlite.Database(file)
  return {
    all: <Row>(sql: string, ...values: Value[]) => database.all(sql, values) as Row[],
    get: <Row>(sql: string, ...values: Value[]) => (database.get(sql, values) ?? undefined) as Row | undefined,
    run: (sql, ...values) => Number(database.run(sql, values).lastInsertRowid),
    close: () => database.close(),
  }
}
