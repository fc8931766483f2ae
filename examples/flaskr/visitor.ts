// Who asks: the session of a request, and the user that it names.

import type { Request } from "werkstatt"
import { Local } from "werkstatt/local"
import { getSession } from "werkstatt/sessions"
import type { Database } from "./database.ts"

export interface User {
  id: number
  name: string
}

export const visitorOf = getSession<{ userId: number }>

/** The database of the application that answers the current request. */
export const context = new Local<{ database: Database }>()

export const database = (): Database => context.getOrThrow("database")

/** Who is logged in. */
export async function currentUser(request: Request): Promise<User | undefined> {
  const id = (await visitorOf(request)).get("userId")
  return id === undefined ? undefined : database().get<User>("SELECT id, name FROM user WHERE id = ?", id)
}
