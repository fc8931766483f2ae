// Items of a stock. An entity tag is the version of a row: who changes an item must know the one that is there.

import { Conflict, NotFound, type Request, Response } from "werkstatt"
import { PreconditionFailed, PreconditionRequired } from "werkstatt/exceptions"
import { query } from "./database.ts"
import { operation } from "./operation.ts"
import { writeCursor } from "./pagination.ts"
import { Item, ItemList, NewItem, Page } from "./schemas.ts"
import { urls } from "./urls.ts"

export interface ItemRow {
  id: number
  sku: string
  name: string
  quantity: number
  version: number
}

export const asJson = ({ version: _, ...item }: ItemRow, request: Request) => ({
  ...item,
  url: urls.items.show.build({ id: item.id }, { at: request }),
})

function answer(row: ItemRow, request: Request, status = 200): Response {
  const response = Response.json(asJson(row, request), { status })
  response.setEtag(String(row.version))
  return response
}

/** The item, kept from others until the transaction is over, and in the version that the client knows. */
async function itemToChange(request: Request, id: number): Promise<ItemRow> {
  const [row] = await query<ItemRow>("SELECT * FROM item WHERE id = $1 FOR UPDATE", id)
  if (row === undefined) throw new NotFound("There is no such item.")
  if (!request.headers.has("If-Match"))
    throw new PreconditionRequired("Send the entity tag of the item that you have seen, in If-Match.")
  if (!request.ifMatch.contains(String(row.version)))
    throw new PreconditionFailed("The item has been changed since you have seen it.")
  return row
}

/** PostgreSQL's unique_violation, which here can only be about the SKU. */
async function unlessTaken(sku: string, rows: Promise<ItemRow[]>): Promise<ItemRow> {
  try {
    return (await rows)[0] as ItemRow
  } catch (error) {
    if ((error as { code?: string }).code === "23505")
      throw new Conflict(`There is an item with the SKU ${sku} already.`)
    throw error
  }
}

const list = operation(
  { summary: "All items by name, in pages", query: Page, status: 200, answer: ItemList },
  async (request, _values: object, { query: { limit, after } }) => {
    const [name = "", id = 0] = after ?? []
    // One more than the page has, to know whether there is another.
    const rows = await query<ItemRow>(
      "SELECT * FROM item WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT $3",
      name,
      id,
      limit + 1,
    )
    const page = rows.slice(0, limit)
    const response = Response.json({ items: page.map((row) => asJson(row, request)) })
    const last = page.at(-1)
    const first = urls.items.list.build({}, { query: { limit }, at: request })
    response.headers.append("Link", `<${first}>; rel="first"`)
    if (rows.length > limit && last !== undefined) {
      const next = urls.items.list.build({}, { query: { limit, after: writeCursor(last) }, at: request })
      response.headers.append("Link", `<${next}>; rel="next"`)
    }
    return response
  },
)

const create = operation(
  { summary: "A new item", body: NewItem, status: 201, answer: Item, problems: [409] },
  async (request, _values: object, { body: { sku, name, quantity } }) => {
    const rows = query<ItemRow>(
      "INSERT INTO item (sku, name, quantity) VALUES ($1, $2, $3) RETURNING *",
      sku,
      name,
      quantity,
    )
    const row = await unlessTaken(sku, rows)
    const response = answer(row, request, 201)
    response.location = asJson(row, request).url
    return response
  },
)

const show = operation(
  { summary: "An item", status: 200, answer: Item, problems: [404] },
  async (request, { id }: { id: number }) => {
    const [row] = await query<ItemRow>("SELECT * FROM item WHERE id = $1", id)
    if (row === undefined) throw new NotFound("There is no such item.")
    // 304 where the client has this version.
    return answer(row, request).makeConditional(request)
  },
)

const replace = operation(
  {
    summary: "Another state of an item",
    body: NewItem,
    status: 200,
    answer: Item,
    needsMatch: true,
    problems: [404, 409],
  },
  async (request, { id }: { id: number }, { body: { sku, name, quantity } }) => {
    await itemToChange(request, id)
    const rows = query<ItemRow>(
      "UPDATE item SET sku = $2, name = $3, quantity = $4, version = version + 1 WHERE id = $1 RETURNING *",
      id,
      sku,
      name,
      quantity,
    )
    return answer(await unlessTaken(sku, rows), request)
  },
)

const remove = operation(
  { summary: "Remove an item", status: 204, needsMatch: true, problems: [404] },
  async (request, { id }: { id: number }) => {
    await itemToChange(request, id)
    await query("DELETE FROM item WHERE id = $1", id)
    return new Response(undefined, { status: 204 })
  },
)

export const itemViews = { list, create, show, replace, remove }

const CONDITIONS = { low: "quantity BETWEEN 1 AND 5", out: "quantity = 0" }

export const stock = operation(
  { summary: "Items of which there are few, or none", status: 200, answer: ItemList },
  async (request, { level }: { level: keyof typeof CONDITIONS }) => {
    const rows = await query<ItemRow>(`SELECT * FROM item WHERE ${CONDITIONS[level]} ORDER BY name, id LIMIT 100`)
    return Response.json({ items: rows.map((row) => asJson(row, request)) })
  },
)
