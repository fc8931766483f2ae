// A page behind a name and a password (RFC 7617). The browser asks for them when it sees the 401.
//
//     curl -u admin:opensesame http://localhost:5000/
//
// GET /   -> 401

import { Request, Response, Unauthorized } from "werkstatt"
import { WWWAuthenticate } from "werkstatt/datastructures"
import { checkPasswordHash, generatePasswordHash } from "werkstatt/security"

const challenge = new WWWAuthenticate("basic", { parameters: { realm: "login required", charset: "UTF-8" } })

/** Names with hashes of their passwords, as a table of users has them. */
const users = new Map([["admin", await generatePasswordHash("opensesame")]])
const nobody = await generatePasswordHash(crypto.randomUUID())

/** Takes as long for names that nobody has, so that the time does not tell who exists. */
async function isUser(name: string, password: string): Promise<boolean> {
  return checkPasswordHash(users.get(name) ?? nobody, password)
}

export const app = Request.application(async ({ authorization }) => {
  const { username, password } = authorization ?? {}
  if (username === undefined || password === undefined || !(await isUser(username, password))) {
    throw new Unauthorized({ wwwAuthenticate: challenge })
  }
  return new Response(`Welcome, ${username}.`)
})
