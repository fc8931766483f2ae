// Starts the blog: `npx werkstatt run examples/flaskr/main.ts --reload --debug`. Data are kept in the folder that FLASKR_DATA names.

import { mkdirSync } from "node:fs"
import { makeApp } from "./app.ts"
import { openDatabase } from "./database.ts"

const folder = process.env["FLASKR_DATA"] ?? "flaskr-data"
mkdirSync(folder, { recursive: true })

export const app = makeApp({
  database: await openDatabase(`${folder}/flaskr.sqlite`),
  secret: process.env["SECRET_KEY"] ?? "only for development: 0123456789",
  pictures: `${folder}/pictures`,
})
