// What all servers of bench/api.ts answer with, so that they differ in nothing but their framework.

import { readFileSync } from "node:fs"

const words = "orders users items carts prices stocks labels notes teams roles plans bills taxes rates terms"
const more = "files pages posts tags links votes polls rooms seats trips tours stops lines cars parts kits"

/** `http1`, `https`, or `http2`, which speaks HTTP/1.1 as well; the latter two with what is in the folder. */
export const protocol = process.argv[3] ?? "http1"
const folder = process.argv[4]
export const tls =
  folder === undefined
    ? undefined
    : { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) }

/** 31 resources, with two rules each: the collection and one member. */
export const RESOURCES = `${words} ${more}`.split(" ")

export const CHUNK = Buffer.alloc(1024, "x")

export async function* chunks() {
  for (let i = 0; i < 20; i++) yield CHUNK
}

const line = "<li><a href='/orders/17'>Order 17</a> of 2026-11-29, 12 pieces, sent</li>\n"
export const ASCII = `<!doctype html><title>Orders</title><ul>\n${line.repeat(275)}</ul>\n`
export const TEXT = ASCII.replaceAll("Order 17", "Größe 7€")

const person = (id) => ({
  id,
  name: `Person ${id}`,
  mail: `person.${id}@example.com`,
  isActive: id % 3 > 0,
  score: id / 7,
})
export const LIST = Array.from({ length: 330 }, (_, id) => person(id))

/** What one member of a resource looks like. */
export const member = (id, page, session) => ({
  id,
  page,
  session,
  name: "An item",
  price: 9.5,
  tags: ["a", "b"],
  isNew: true,
})
